package ui

// makeParts makes the links between screens and studio; a screen itself is made
// when it is first shown.
func (s *Studio) makeParts() map[string]part {
	return map[string]part{
		placeHome:      &homePart{s: s},
		placeData:      &dataPart{s: s},
		placeTrain:     &trainPart{s: s},
		placeCurves:    &curvesPart{s: s, sort: "started"},
		placeTry:       &tryPart{s: s},
		placeSentiment: &sentimentPart{s: s},
		placeFaces:     &facesPart{s: s},
		placeEvaluate:  &evaluatePart{s: s},
		placeServe:     &servePart{s: s},
		placeModels:    &modelsPart{s: s},
		placeSettings:  &settingsPart{s: s},
	}
}

func (s *Studio) dataPart() *dataPart {
	p, _ := s.parts[placeData].(*dataPart)
	return p
}

func (s *Studio) trainPart() *trainPart {
	p, _ := s.parts[placeTrain].(*trainPart)
	return p
}

func (s *Studio) settingsPart() *settingsPart {
	p, _ := s.parts[placeSettings].(*settingsPart)
	return p
}

package vision

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Limits of a cascade file. The largest in OpenCV's own collection has 3 MB,
// 47 stages and 6,061 features.
const (
	maxCascadeBytes = 32 << 20
	maxWindow       = 512
)

// cascadeFile is the part of a cascade file that counts.
type cascadeFile struct {
	Cascade struct {
		TypeID      string           `xml:"type_id,attr"`
		StageType   string           `xml:"stageType"`
		FeatureType string           `xml:"featureType"`
		Height      string           `xml:"height"`
		Width       string           `xml:"width"`
		Stages      []cascadeStage   `xml:"stages>_"`
		Features    []cascadeFeature `xml:"features>_"`
	} `xml:",any"`

	w, h int
}

type cascadeStage struct {
	Threshold string        `xml:"stageThreshold"`
	Weak      []cascadeTree `xml:"weakClassifiers>_"`
}

type cascadeTree struct {
	Nodes  string `xml:"internalNodes"`
	Leaves string `xml:"leafValues"`
}

type cascadeFeature struct {
	Rects  []string `xml:"rects>_"`
	Tilted string   `xml:"tilted"`
}

// rewriteCascade checks a Haar cascade file completely and writes it again in
// the plainest form. Only that form reaches OpenCV: it believes every index it
// reads, and ends the process where the XML surprises it. Errors wrap ErrCascade.
func rewriteCascade(data []byte) ([]byte, error) {
	if len(data) > maxCascadeBytes {
		return nil, fmt.Errorf("%w: the file has %d MB", ErrCascade, len(data)>>20)
	}
	var f cascadeFile
	if err := xml.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%w: not an XML file of OpenCV: %w", ErrCascade, err)
	}
	c := &f.Cascade
	switch {
	case c.TypeID == "opencv-haar-classifier":
		return nil, fmt.Errorf("%w of today's kind: it is in the format of OpenCV 1; take the file of the same name from opencv-data", ErrCascade)
	case c.TypeID != "opencv-cascade-classifier" && c.TypeID != "" || c.StageType != "BOOST":
		return nil, fmt.Errorf("%w: the XML holds something else (%q)", ErrCascade, c.TypeID)
	case c.FeatureType != "HAAR":
		return nil, fmt.Errorf("%w of Haar features: it has %s features", ErrCascade, c.FeatureType)
	case len(c.Stages) == 0 || len(c.Features) == 0:
		return nil, fmt.Errorf("%w: it has %d stages and %d features", ErrCascade, len(c.Stages), len(c.Features))
	}
	var b strings.Builder
	if err := f.write(&b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCascade, err)
	}
	return []byte(b.String()), nil
}

func (f *cascadeFile) write(b *strings.Builder) error {
	c := &f.Cascade
	var err error
	if f.w, err = window(c.Width); err != nil {
		return err
	}
	if f.h, err = window(c.Height); err != nil {
		return err
	}
	fmt.Fprintf(b, "<?xml version=\"1.0\"?>\n<opencv_storage>\n<cascade type_id=\"opencv-cascade-classifier\"><stageType>BOOST</stageType>"+
		"<featureType>HAAR</featureType><height>%d</height><width>%d</width>"+
		"<stageParams><maxWeakCount>0</maxWeakCount></stageParams><featureParams><maxCatCount>0</maxCatCount></featureParams>"+
		"<stageNum>%d</stageNum>\n<stages>", f.h, f.w, len(c.Stages))
	for i, stage := range c.Stages {
		if err := f.writeStage(b, stage); err != nil {
			return fmt.Errorf("stage %d: %w", i, err)
		}
	}
	b.WriteString("</stages>\n<features>")
	for i, feature := range c.Features {
		if err := f.writeFeature(b, feature); err != nil {
			return fmt.Errorf("feature %d: %w", i, err)
		}
	}
	b.WriteString("</features></cascade>\n</opencv_storage>\n")
	return nil
}

func window(text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 4 || n > maxWindow {
		return 0, fmt.Errorf("a window side of %q", text)
	}
	return n, nil
}

func (f *cascadeFile) writeStage(b *strings.Builder, s cascadeStage) error {
	threshold, err := numbers(s.Threshold, 1)
	if err != nil {
		return err
	}
	if len(s.Weak) == 0 {
		return fmt.Errorf("no trees")
	}
	fmt.Fprintf(b, "<_><maxWeakCount>%d</maxWeakCount><stageThreshold>%s</stageThreshold><weakClassifiers>\n", len(s.Weak), join(threshold))
	for i, tree := range s.Weak {
		nodes, leaves, err := f.tree(tree)
		if err != nil {
			return fmt.Errorf("tree %d: %w", i, err)
		}
		fmt.Fprintf(b, "<_><internalNodes>%s</internalNodes><leafValues>%s</leafValues></_>\n", join(nodes), join(leaves))
	}
	b.WriteString("</weakClassifiers></_>")
	return nil
}

// tree checks a tree: nodes are (left, right, feature, threshold); a positive
// child is a later node, so that no walk goes in circles, and a child of 0 or
// less is leaf -child.
func (f *cascadeFile) tree(t cascadeTree) (nodes, leaves []float64, err error) {
	if nodes, err = numbers(t.Nodes, 0); err != nil {
		return nil, nil, err
	}
	if leaves, err = numbers(t.Leaves, 0); err != nil {
		return nil, nil, err
	}
	count := len(nodes) / 4
	if count == 0 || len(nodes)%4 != 0 || len(leaves) != count+1 {
		return nil, nil, fmt.Errorf("%d numbers for nodes and %d leaves", len(nodes), len(leaves))
	}
	for i := range count {
		n := nodes[4*i : 4*i+4]
		if !leads(n[0], i, count) || !leads(n[1], i, count) {
			return nil, nil, fmt.Errorf("node %d leads to %v and %v", i, n[0], n[1])
		}
		if n[2] != math.Trunc(n[2]) || n[2] < 0 || int(n[2]) >= len(f.Cascade.Features) {
			return nil, nil, fmt.Errorf("node %d asks for feature %v of %d", i, n[2], len(f.Cascade.Features))
		}
	}
	return nodes, leaves, nil
}

// leads tells whether a child of node i is a later node, or one of count+1 leaves.
func leads(child float64, i, count int) bool {
	if child != math.Trunc(child) || math.Abs(child) > float64(count) {
		return false
	}
	return child <= 0 || int(child) > i && int(child) < count
}

func (f *cascadeFile) writeFeature(b *strings.Builder, feature cascadeFeature) error {
	tilted := strings.TrimSpace(feature.Tilted) == "1"
	if n := len(feature.Rects); n < 2 || n > 3 {
		return fmt.Errorf("%d rectangles", n)
	}
	b.WriteString("<_><rects>")
	for _, text := range feature.Rects {
		r, err := numbers(text, 5)
		if err != nil {
			return err
		}
		if !f.inside(r, tilted) {
			return fmt.Errorf("rectangle %v reaches out of the %d×%d window", r[:4], f.w, f.h)
		}
		fmt.Fprintf(b, "<_>%s</_>", join(r))
	}
	b.WriteString("</rects>")
	if tilted {
		b.WriteString("<tilted>1</tilted>")
	}
	b.WriteString("</_>\n")
	return nil
}

// inside tells whether a rectangle (x, y, w, h, weight) lies in the window. A
// tilted one is turned by 45° about its upper corner: it spans x-h … x+w and
// y … y+w+h.
func (f *cascadeFile) inside(r []float64, tilted bool) bool {
	for _, v := range r[:4] {
		if v != math.Trunc(v) || v < 0 || v > maxWindow {
			return false
		}
	}
	x, y, w, h := int(r[0]), int(r[1]), int(r[2]), int(r[3])
	if w <= 0 || h <= 0 {
		return false
	}
	if tilted {
		return x-h >= 0 && x+w <= f.w && y+w+h <= f.h
	}
	return x+w <= f.w && y+h <= f.h
}

// numbers reads numbers between spaces: exactly want of them, or any when 0.
func numbers(text string, want int) ([]float64, error) {
	fields := strings.Fields(text)
	if want > 0 && len(fields) != want {
		return nil, fmt.Errorf("%d numbers, want %d", len(fields), want)
	}
	list := make([]float64, len(fields))
	for i, field := range fields {
		v, err := strconv.ParseFloat(field, 64)
		if err != nil || math.IsNaN(v) || math.Abs(v) > math.MaxFloat32 {
			return nil, fmt.Errorf("%q is not a number", field)
		}
		list[i] = v
	}
	return list, nil
}

// join writes whole numbers without and all others with a point or exponent,
// because OpenCV tells integers from reals by that.
func join(values []float64) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strings.Join(parts, " ")
}

package project

// RunFolders are the folders of runs: that of the command line and those of all
// projects.
func RunFolders(paths Paths) ([]string, error) {
	settings, err := LoadSettings(paths.Settings())
	if err != nil {
		return nil, err
	}
	folder := paths.Projects()
	if settings.Projects != "" {
		folder = settings.Projects
	}
	projects, err := List(folder)
	if err != nil {
		return nil, err
	}
	out := []string{paths.Runs()}
	for _, p := range projects {
		out = append(out, p.Runs())
	}
	return out, nil
}

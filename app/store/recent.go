package store

import (
	"context"
	"fmt"
	"time"
)

// RecentProject is a project as the start screen lists it.
type RecentProject struct {
	Dir, Name string
	Opened    time.Time
}

// OpenedProject notes that a project was opened.
func (x *Index) OpenedProject(ctx context.Context, dir, name string, at time.Time) error {
	_, err := x.db.ExecContext(ctx, "INSERT INTO projects VALUES (?,?,?) ON CONFLICT (dir) DO UPDATE SET name = excluded.name, opened = excluded.opened",
		dir, name, at.UnixNano())
	if err != nil {
		return fmt.Errorf("note project: %w", err)
	}
	return nil
}

// ForgetProject takes a project from the list; its folder stays.
func (x *Index) ForgetProject(ctx context.Context, dir string) error {
	if _, err := x.db.ExecContext(ctx, "DELETE FROM projects WHERE dir = ?", dir); err != nil {
		return fmt.Errorf("forget project: %w", err)
	}
	return nil
}

// RecentProjects returns the projects, the one opened last first.
func (x *Index) RecentProjects(ctx context.Context) ([]RecentProject, error) {
	rows, err := x.db.QueryContext(ctx, "SELECT dir, name, opened FROM projects ORDER BY opened DESC")
	if err != nil {
		return nil, fmt.Errorf("read projects: %w", err)
	}
	defer rows.Close()
	var out []RecentProject
	for rows.Next() {
		var p RecentProject
		var opened int64
		if err := rows.Scan(&p.Dir, &p.Name, &opened); err != nil {
			return nil, fmt.Errorf("read projects: %w", err)
		}
		p.Opened = time.Unix(0, opened)
		out = append(out, p)
	}
	return out, rows.Err()
}

// Dataset is a data set that was used, as the index knows it.
type Dataset struct {
	Dir, Name   string
	Fingerprint string
	Samples     int
	Used        time.Time
}

// UsedDataset notes a data set.
func (x *Index) UsedDataset(ctx context.Context, d Dataset) error {
	_, err := x.db.ExecContext(ctx, `INSERT INTO datasets VALUES (?,?,?,?,?) ON CONFLICT (dir) DO UPDATE SET
		name = excluded.name, fingerprint = excluded.fingerprint, samples = excluded.samples, used = excluded.used`,
		d.Dir, d.Name, d.Fingerprint, d.Samples, d.Used.UnixNano())
	if err != nil {
		return fmt.Errorf("note data set: %w", err)
	}
	return nil
}

// Datasets returns the data sets, the one used last first.
func (x *Index) Datasets(ctx context.Context) ([]Dataset, error) {
	rows, err := x.db.QueryContext(ctx, "SELECT dir, name, fingerprint, samples, used FROM datasets ORDER BY used DESC")
	if err != nil {
		return nil, fmt.Errorf("read data sets: %w", err)
	}
	defer rows.Close()
	var out []Dataset
	for rows.Next() {
		var d Dataset
		var used int64
		if err := rows.Scan(&d.Dir, &d.Name, &d.Fingerprint, &d.Samples, &used); err != nil {
			return nil, fmt.Errorf("read data sets: %w", err)
		}
		d.Used = time.Unix(0, used)
		out = append(out, d)
	}
	return out, rows.Err()
}

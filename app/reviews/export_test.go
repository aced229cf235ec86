package reviews

import (
	"athanor/inference/sentiment"
)

// Begin leaves what a job leaves that was cancelled before its first row.
func Begin(a *sentiment.Analyzer, job Job) error {
	in, err := openInput(job.In)
	if err != nil {
		return err
	}
	defer in.close()
	job.Anew, job.Resume = true, false
	r := &runner{a: a, job: job, in: in}
	if err := r.prepare(); err != nil {
		return err
	}
	return r.out.close(false)
}

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"athanor/inference/face"
	"athanor/inference/vision"
)

// live times the way of a frame from its arrival to a view with boxes, from a
// camera of 640×480 at 30 frames a second played on loopback, for 20 seconds.
func (f *facesBench) live(ctx context.Context, _ *bench) (table, error) {
	t := table{head: []string{"Live, 640×480 at 30 fps, YuNet at 320", "views", "fps", "arrival to boxes, ms: median", "p99", "dropped"}}
	address, stop, err := playCamera(ctx, filepath.Join(f.data, "video", "short_hamilton_clip.mp4"))
	if err != nil {
		return t, err
	}
	defer stop()
	l, err := face.StartLive(ctx, face.LiveConfig{
		Feed: vision.FeedConfig{Spec: address}, Detectors: []face.Detector{f.yunet}, Params: []face.Params{{Side: 320}},
	})
	if err != nil {
		return t, err
	}
	defer l.Close()
	var totals []float64
	var last *face.View
	begin := time.Now()
	for after := int64(-1); time.Since(begin) < 20*time.Second; {
		if last, err = l.Wait(ctx, after); err != nil {
			return t, err
		}
		after = last.Number
		totals = append(totals, last.Stages.Total)
	}
	slices.Sort(totals)
	t.rows = append(t.rows, []string{
		"MJPEG on loopback", fmt.Sprint(len(totals)), fmt.Sprintf("%.1f", float64(len(totals))/time.Since(begin).Seconds()),
		fmt.Sprintf("%.1f", median(totals)), fmt.Sprintf("%.1f", totals[len(totals)*99/100]), fmt.Sprint(last.Source.Dropped),
	})
	return t, nil
}

// playCamera serves a video as an MJPEG camera of 640×480 on loopback.
func playCamera(ctx context.Context, path string) (string, func(), error) {
	src, err := vision.Open(ctx, path, vision.OpenConfig{})
	if err != nil {
		return "", nil, err
	}
	defer src.Close()
	var frames [][]byte
	for {
		f, err := src.Next(ctx)
		if err != nil {
			break
		}
		big, err := f.Resize(640, 480)
		if err != nil {
			return "", nil, err
		}
		data, err := vision.EncodeJPEG(big, 90)
		if err != nil {
			return "", nil, err
		}
		frames = append(frames, data)
	}
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=frame")
		tick := time.NewTicker(time.Second / 30)
		defer tick.Stop()
		for i := 0; r.Context().Err() == nil; i++ {
			data := frames[i%len(frames)]
			if _, err := fmt.Fprintf(w, "--frame\r\nContent-Type: image/jpeg\r\n\r\n%s\r\n", data); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			<-tick.C
		}
	})}
	go func() { _ = srv.Serve(listen) }()
	return "http://" + listen.Addr().String(), func() { _ = srv.Close() }, nil
}

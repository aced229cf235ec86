package oip

import "fmt"

// Request is an inference request.
type Request struct {
	ID           string
	Params       Params
	Inputs       []Tensor
	Outputs      []Wanted // empty: all of them
	BinaryOutput bool     // outputs without their own wish travel as binary
}

// Wanted asks for one output.
type Wanted struct {
	Name           string
	Binary         *bool // nil: as the request says
	Classification int   // above 0: the best so many classes as "score:index:label"
}

// Response is the answer to a Request.
type Response struct {
	Model, Version, ID string
	Params             Params
	Outputs            []Tensor
}

// Params are the protocol's parameters: strings, bools and numbers by name.
type Params map[string]any

// bool returns a parameter that must be a bool when it is there.
func (p Params) bool(name string) (value, set bool, err error) {
	v, set := p[name]
	if !set {
		return false, false, nil
	}
	value, ok := v.(bool)
	if !ok {
		return false, true, fmt.Errorf("%w: parameter %q must be true or false", ErrRequest, name)
	}
	return value, true, nil
}

// size returns a parameter that must be a whole number ≥ 0 when it is there.
func (p Params) size(name string) (n int, set bool, err error) {
	v, set := p[name]
	if !set {
		return 0, false, nil
	}
	f, ok := v.(float64)
	if !ok || f < 0 || f > 1<<40 || f != float64(int(f)) {
		return 0, true, fmt.Errorf("%w: parameter %q must be a whole number", ErrRequest, name)
	}
	return int(f), true, nil
}

// tail hands out the binary part of a body, in order.
type tail struct{ b []byte }

func (t *tail) take(n int) ([]byte, error) {
	if n > len(t.b) {
		return nil, fmt.Errorf("%w: binary_data_size %d, but only %d bytes are left", ErrRequest, n, len(t.b))
	}
	part := t.b[:n:n]
	t.b = t.b[n:]
	return part, nil
}

// split parts a body into JSON and binary. header is the number of JSON bytes,
// negative when the whole body is JSON.
func split(body []byte, header int, l Limits) (*scanner, *tail, error) {
	if header < 0 {
		header = len(body)
	}
	if header > len(body) {
		return nil, nil, fmt.Errorf("%w: %s is %d, the body has %d bytes", ErrRequest, HeaderLength, header, len(body))
	}
	return &scanner{b: body[:header], limit: l.Depth}, &tail{body[header:]}, nil
}

// finish wants both parts used up.
func finish(s *scanner, t *tail) error {
	if err := s.end(); err != nil {
		return err
	}
	if len(t.b) > 0 {
		return fmt.Errorf("%w: %d bytes of binary data belong to no tensor", ErrRequest, len(t.b))
	}
	return nil
}

// DecodeRequest reads a request. header is the value of HeaderLength, negative
// without one. Binary tensors alias body. Errors wrap ErrRequest or ErrTooLarge.
func DecodeRequest(body []byte, header int, l Limits) (*Request, error) {
	s, rest, err := split(body, header, l)
	if err != nil {
		return nil, err
	}
	r := &Request{}
	err = s.object(func(key string) (err error) {
		switch key {
		case "id":
			r.ID, err = s.text()
		case "parameters":
			r.Params, err = s.params()
		case "inputs":
			r.Inputs, err = s.tensors(rest, l)
		case "outputs":
			r.Outputs, err = s.wanted(l)
		default:
			err = s.skip()
		}
		return err
	})
	if err == nil {
		err = finish(s, rest)
	}
	if err == nil {
		r.BinaryOutput, _, err = r.Params.bool("binary_data_output")
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// DecodeResponse reads a response; see DecodeRequest.
func DecodeResponse(body []byte, header int, l Limits) (*Response, error) {
	s, rest, err := split(body, header, l)
	if err != nil {
		return nil, err
	}
	r := &Response{}
	err = s.object(func(key string) (err error) {
		switch key {
		case "model_name":
			r.Model, err = s.text()
		case "model_version":
			r.Version, err = s.text()
		case "id":
			r.ID, err = s.text()
		case "parameters":
			r.Params, err = s.params()
		case "outputs":
			r.Outputs, err = s.tensors(rest, l)
		default:
			err = s.skip()
		}
		return err
	})
	if err == nil {
		err = finish(s, rest)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *scanner) params() (Params, error) {
	p := Params{}
	err := s.object(func(key string) error {
		v, err := s.param()
		if v != nil {
			p[key] = v
		}
		return err
	})
	return p, err
}

// param reads a scalar; nil for null and for lists and objects, which the
// protocol does not know.
func (s *scanner) param() (any, error) {
	switch s.peek() {
	case '"':
		return s.text()
	case '{', '[':
		return nil, s.skip()
	}
	tok, err := s.token()
	if err != nil {
		return nil, err
	}
	switch view(tok) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	v, err := parseFloat(tok, 64)
	if err != nil {
		return nil, s.fault("%v", err)
	}
	return v, nil
}

func (s *scanner) wanted(l Limits) (list []Wanted, err error) {
	names := map[string]bool{}
	err = s.array(func() error {
		w, err := s.want()
		switch {
		case err != nil:
			return err
		case w.Name == "":
			return s.fault("an output without a name")
		case names[w.Name]:
			return s.fault("output %q is asked for twice", w.Name)
		case len(list) == l.Tensors:
			return fmt.Errorf("%w: more than %d outputs", ErrTooLarge, l.Tensors)
		}
		names[w.Name] = true
		list = append(list, w)
		return nil
	})
	return list, err
}

func (s *scanner) want() (w Wanted, err error) {
	var p Params
	err = s.object(func(key string) (err error) {
		switch key {
		case "name":
			w.Name, err = s.text()
		case "parameters":
			p, err = s.params()
		default:
			err = s.skip()
		}
		return err
	})
	if err != nil {
		return w, err
	}
	if on, set, err := p.bool("binary_data"); err != nil {
		return w, err
	} else if set {
		w.Binary = &on
	}
	w.Classification, _, err = p.size("classification")
	return w, err
}

func (s *scanner) tensors(rest *tail, l Limits) (list []Tensor, err error) {
	names := map[string]bool{}
	err = s.array(func() error {
		if len(list) == l.Tensors {
			return fmt.Errorf("%w: more than %d tensors", ErrTooLarge, l.Tensors)
		}
		t, err := s.tensor(rest, l)
		switch {
		case err != nil:
			return err
		case t.Name == "":
			return s.fault("a tensor without a name")
		case names[t.Name]:
			return s.fault("tensor %q is given twice", t.Name)
		}
		names[t.Name] = true
		list = append(list, t)
		return nil
	})
	return list, err
}

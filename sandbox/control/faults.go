package control

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"libration/sandbox/fault"
)

// faultView is a fault that is switched on, as the control API shows it.
type faultView struct {
	ID     int `json:"id"`
	Struck int `json:"struck"`
	// Fault is the text form, which the command line takes.
	Fault string `json:"fault"`
	// Params are the parameters that are not the default.
	Params fault.Fault `json:"params"`
}

func viewFault(a fault.Active) faultView {
	return faultView{ID: a.ID, Struck: a.Struck, Fault: a.String(), Params: a.Fault}
}

// kindView and paramView describe what can be switched on, in the reader's language.
type kindView struct {
	fault.Kind
	Doc string `json:"doc"`
}

type paramView struct {
	fault.Param
	Doc string `json:"doc"`
}

// faults are switched on and off.
type faults struct{ server Server }

// list lists those that are switched on, and those that there are.
func (h faults) list(r *http.Request) (any, error) {
	l := languageOf(r)
	active := []faultView{}
	for _, a := range h.server.Faults().Active() {
		active = append(active, viewFault(a))
	}
	var kinds []kindView
	for _, k := range fault.Kinds() {
		kinds = append(kinds, kindView{k, k.Doc.In(l)})
	}
	var params []paramView
	for _, p := range fault.Params() {
		params = append(params, paramView{p, p.Doc.In(l)})
	}
	return struct {
		Active []faultView   `json:"active"`
		Kinds  []kindView    `json:"kinds"`
		Params []paramView   `json:"params"`
		Stages []fault.Stage `json:"stages"`
	}{active, kinds, params, h.server.Faults().Stages()}, nil
}

// add takes {"fault": text form} or the fields of a fault one by one.
func (h faults) add(r *http.Request) (any, error) {
	var body json.RawMessage
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	var text struct {
		Fault *string `json:"fault"`
	}
	var asked fault.Fault
	err := json.Unmarshal(body, &text)
	switch {
	case err != nil:
		err = fail(http.StatusBadRequest, "bad body: %v", err)
	case text.Fault != nil:
		asked, err = fault.Parse(*text.Fault)
	default:
		err = asked.UnmarshalJSON(body)
	}
	if err != nil {
		return nil, err
	}
	id, err := h.server.Faults().Add(asked)
	if errors.Is(err, fault.ErrTooMany) {
		return nil, fail(http.StatusConflict, "%v", err)
	}
	if err != nil {
		return nil, err
	}
	return created{viewFault(fault.Active{Fault: asked, ID: id})}, nil
}

func (h faults) clear(*http.Request) (any, error) {
	return map[string]int{"removed": h.server.Faults().Clear()}, nil
}

func (h faults) remove(r *http.Request) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return nil, fail(http.StatusBadRequest, "id %q is not a number", r.PathValue("id"))
	}
	if !h.server.Faults().Remove(id) {
		return nil, fail(http.StatusNotFound, "fault %d is not switched on", id)
	}
	return struct{}{}, nil
}

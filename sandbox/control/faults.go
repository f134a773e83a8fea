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

// faults are switched on and off.
type faults struct{ server Server }

// list lists those that are switched on, and those that there are.
func (h faults) list(*http.Request) (any, error) {
	active := []faultView{}
	for _, a := range h.server.Faults().Active() {
		active = append(active, viewFault(a))
	}
	return struct {
		Active []faultView   `json:"active"`
		Kinds  []fault.Kind  `json:"kinds"`
		Params []fault.Param `json:"params"`
		Stages []fault.Stage `json:"stages"`
	}{active, fault.Kinds(), fault.Params(), h.server.Faults().Stages()}, nil
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

package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// faultView is a fault that is switched on, as the control API shows it.
type faultView struct {
	ID     int `json:"id"`
	Struck int `json:"struck"`
	// Fault is the text form, which the command line takes.
	Fault string `json:"fault"`
	// Params are the parameters that are not the default.
	Params Fault `json:"params"`
}

func viewFault(a ActiveFault) faultView {
	return faultView{ID: a.ID, Struck: a.Struck, Fault: a.String(), Params: a.Fault}
}

// faults tells which are switched on, and which there are.
func (c *control) faults(*http.Request) (any, error) {
	active := []faultView{}
	for _, a := range c.server.Faults().Active() {
		active = append(active, viewFault(a))
	}
	return struct {
		Active []faultView  `json:"active"`
		Kinds  []FaultKind  `json:"kinds"`
		Params []FaultParam `json:"params"`
		Stages []FaultStage `json:"stages"`
	}{active, FaultKinds(), FaultParams(), FaultStages()}, nil
}

// addFault takes {"fault": text form} or the fields of a fault one by one.
func (c *control) addFault(r *http.Request) (any, error) {
	var body json.RawMessage
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	var text struct {
		Fault *string `json:"fault"`
	}
	var fault Fault
	err := json.Unmarshal(body, &text)
	switch {
	case err != nil:
		err = fail(http.StatusBadRequest, "bad body: %v", err)
	case text.Fault != nil:
		fault, err = ParseFault(*text.Fault)
	default:
		err = fault.UnmarshalJSON(body)
	}
	if err != nil {
		return nil, err
	}
	id, err := c.server.Faults().Add(fault)
	if errors.Is(err, ErrTooManyFaults) {
		return nil, fail(http.StatusConflict, "%v", err)
	}
	if err != nil {
		return nil, err
	}
	return created{viewFault(ActiveFault{Fault: fault, ID: id})}, nil
}

func (c *control) clearFaults(*http.Request) (any, error) {
	return map[string]int{"removed": c.server.Faults().Clear()}, nil
}

func (c *control) removeFault(r *http.Request) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return nil, fail(http.StatusBadRequest, "id %q is not a number", r.PathValue("id"))
	}
	if !c.server.Faults().Remove(id) {
		return nil, fail(http.StatusNotFound, "fault %d is not switched on", id)
	}
	return struct{}{}, nil
}

package mockserver

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// reason is a code of the API and its name.
type reason struct {
	code int
	name string
}

var (
	invalidParameter = reason{117, "ERROR_PARAMETER_INVALID"}
	missingParameter = reason{119, "ERROR_PARAMETER_MISSING"}
	relationsMissing = reason{120, "ERROR_RELATIONS_DOESNT_EXIST"}
	unknownType      = reason{2006, "ERROR_UNKNOWN_TYPE"}
	entityValidation = reason{40000, "ERROR_ENTITY_VALIDATION"}
	fieldValidation  = reason{40002, "ERROR_FIELD_VALIDATION"}

	// No source shows these. Their codes and names are guesses in the style of the documented ones.
	notAuthenticated = reason{401, "ERROR_UNAUTHORIZED"}
	notFound         = reason{2003, "ERROR_ENTITY_NOT_FOUND"}
	deleteProtected  = reason{2010, "ERROR_ENTITY_DELETE_PROTECTED"}
	rolledBack       = reason{2020, "ERROR_BATCH_ROLLED_BACK"}
)

// apiError is the API's error object: the answer to a request, or an item of a batch.
type apiError struct {
	Code    int    `json:"code"`
	Name    string `json:"name"`
	Message string `json:"message"`
	*entityDetail
	HTTPStatus int  `json:"http_status"`
	Success    bool `json:"success"` // always false

	field string // that the error is about, for the error of a seed; a reply need not name it
}

// entityDetail holds the fields of an error object that is about a record.
type entityDetail struct {
	EntityID            *string       `json:"entity_id"`
	EntityName          string        `json:"entity_name"`
	EntityErrors        []errorDetail `json:"entity_errors"`
	FieldErrors         []fieldError  `json:"field_errors"`
	StepChecklistErrors []errorDetail `json:"step_checklist_errors"`
	EntityIndex         *int          `json:"entity_index"`
}

type fieldError struct {
	FieldID   string        `json:"field_id"`
	FieldName string        `json:"field_name"`
	Name      string        `json:"name"`
	Code      int           `json:"code"`
	Errors    []errorDetail `json:"errors"`
}

type errorDetail struct {
	Code      int    `json:"code"`
	Name      string `json:"name"`
	Message   string `json:"message"`
	FieldID   string `json:"field_id,omitempty"`
	FieldName string `json:"field_name,omitempty"`
}

func newError(status int, why reason, message string) *apiError {
	return &apiError{Code: why.code, Name: why.name, Message: message, HTTPStatus: status}
}

// invalid returns the error of a request that is wrong, whatever the records.
func invalid(message string) *apiError {
	return newError(http.StatusBadRequest, invalidParameter, message)
}

// entityFailure returns an error about one record. An empty id is null in the reply.
func entityFailure(status int, why reason, message string, def *entity, id string) *apiError {
	e := newError(status, why, message)
	e.entityDetail = newDetail(def)
	if id != "" {
		e.EntityID = &id
	}
	return e
}

func newDetail(def *entity) *entityDetail {
	return &entityDetail{
		EntityName: def.name, EntityErrors: []errorDetail{}, FieldErrors: []fieldError{}, StepChecklistErrors: []errorDetail{},
	}
}

func unknownRecord(def *entity, id string) *apiError {
	return entityFailure(http.StatusNotFound, notFound, "Entity '"+def.name+"' with id '"+id+"' was not found.", def, id)
}

// problem is one thing that is wrong with one field of an input.
type problem struct {
	field   string
	why     reason
	message string
}

// validationFailure returns one error for the problems of one record, grouped by field.
func validationFailure(def *entity, id string, problems []problem) *apiError {
	var message strings.Builder
	e := entityFailure(http.StatusUnprocessableEntity, entityValidation, "", def, id)
	e.field = problems[0].field
	for _, p := range problems {
		message.WriteString("\n" + p.message)
		e.addFieldError(def, p)
	}
	e.Message = message.String()
	return e
}

func (e *apiError) addFieldError(def *entity, p problem) {
	detail := errorDetail{
		Code: p.why.code, Name: p.why.name, Message: p.message, FieldID: fieldID(def, p.field), FieldName: p.field,
	}
	for i := range e.FieldErrors {
		if e.FieldErrors[i].FieldName == p.field {
			e.FieldErrors[i].Errors = append(e.FieldErrors[i].Errors, detail)
			return
		}
	}
	e.FieldErrors = append(e.FieldErrors, fieldError{
		FieldID: detail.FieldID, FieldName: p.field,
		Name: fieldValidation.name, Code: fieldValidation.code, Errors: []errorDetail{detail},
	})
}

// fieldID returns the id of a field's definition. In the service, that is a record of the space, so its id never
// changes.
func fieldID(def *entity, name string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(def.name+"."+name)).String()
}

// at returns the error as one about the item of a batch with this index, or about no item if index is nil.
func (e *apiError) at(def *entity, index *int) *apiError {
	placed := *e
	detail := *cmp.Or(e.entityDetail, newDetail(def))
	detail.EntityIndex = index
	placed.entityDetail = &detail
	return &placed
}

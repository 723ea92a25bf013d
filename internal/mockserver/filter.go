package mockserver

import (
	"fmt"
	"strings"
)

// condition is one filter on one field.
type condition struct {
	field  *field
	op     string
	text   string // for operators that compare text
	values []any  // for other operators: one, two for between, none for those about null
}

// operator says how a filter operator decides, and which fields and values it accepts.
type operator struct {
	operands int  // how many values it takes
	text     bool // compares strings and ids only
	ordered  bool // needs values of which one can be greater than another
	holds    func(v any, c *condition) bool
}

var operators = map[string]operator{
	"eq":      {operands: 1, holds: func(v any, c *condition) bool { return v != nil && c.is(v) }},
	"not-eq":  {operands: 1, holds: func(v any, c *condition) bool { return v == nil || !c.is(v) }},
	"ieq":     {operands: 1, text: true, holds: folded(strings.EqualFold)},
	"not-ieq": {operands: 1, text: true, holds: not(folded(strings.EqualFold))},

	"contains":  {operands: 1, text: true, holds: exact(strings.Contains)},
	"starts":    {operands: 1, text: true, holds: exact(strings.HasPrefix)},
	"ends":      {operands: 1, text: true, holds: exact(strings.HasSuffix)},
	"icontains": {operands: 1, text: true, holds: folded(strings.Contains)},
	"istarts":   {operands: 1, text: true, holds: folded(strings.HasPrefix)},
	"iends":     {operands: 1, text: true, holds: folded(strings.HasSuffix)},

	"null":      {holds: func(v any, _ *condition) bool { return v == nil }},
	"not-null":  {holds: func(v any, _ *condition) bool { return v != nil }},
	"empty":     {holds: func(v any, _ *condition) bool { return v == nil || v == "" }},
	"not-empty": {holds: func(v any, _ *condition) bool { return v != nil && v != "" }},

	"gt":  {operands: 1, ordered: true, holds: compared(func(c int) bool { return c > 0 })},
	"gte": {operands: 1, ordered: true, holds: compared(func(c int) bool { return c >= 0 })},
	"lt":  {operands: 1, ordered: true, holds: compared(func(c int) bool { return c < 0 })},
	"lte": {operands: 1, ordered: true, holds: compared(func(c int) bool { return c <= 0 })},
	"between": {operands: 2, ordered: true, holds: func(v any, c *condition) bool {
		return v != nil && compareValues(v, c.values[0]) >= 0 && compareValues(v, c.values[1]) <= 0
	}},
}

func (c *condition) is(v any) bool { return compareValues(v, c.values[0]) == 0 }

func compared(ok func(int) bool) func(any, *condition) bool {
	return func(v any, c *condition) bool { return v != nil && ok(compareValues(v, c.values[0])) }
}

func exact(ok func(s, part string) bool) func(any, *condition) bool {
	return func(v any, c *condition) bool {
		s, isText := v.(string)
		return isText && ok(s, c.text)
	}
}

func folded(ok func(s, part string) bool) func(any, *condition) bool {
	return func(v any, c *condition) bool {
		s, isText := v.(string)
		return isText && ok(strings.ToLower(s), strings.ToLower(c.text))
	}
}

func not(holds func(any, *condition) bool) func(any, *condition) bool {
	return func(v any, c *condition) bool { return !holds(v, c) }
}

// parseConditions reads the values and the operators of the filters on one field. A value without an operator is
// compared for equality. If there are several values and operators, they correspond by their order.
func parseConditions(f *field, name string, values, operators []string) ([]condition, error) {
	n := max(len(values), len(operators))
	if n > 1 && min(len(values), len(operators)) != 0 && len(values) != len(operators) {
		return nil, fmt.Errorf("field '%s' has %d filters and %d operators", name, len(values), len(operators))
	}
	var conditions []condition
	for i := range n {
		op, text := "eq", ""
		if len(operators) > 0 {
			op = operators[i]
		}
		if len(values) > 0 {
			text = values[i]
		}
		c, err := parseCondition(f, name, op, text, len(values) > 0)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, c)
	}
	return conditions, nil
}

func parseCondition(f *field, name, op, text string, hasValue bool) (condition, error) {
	o, known := operators[op]
	isText := f != nil && (f.kind == kindString || f.kind == kindUUID)
	switch {
	case f == nil || f.kind == kindArray:
		return condition{}, fmt.Errorf("filter names the unknown field '%s'", name)
	case !known:
		return condition{}, fmt.Errorf("filter-op '%s' of field '%s' is unknown", op, name)
	case o.text && !isText, o.ordered && f.kind == kindBool:
		return condition{}, fmt.Errorf("filter-op '%s' can't be used with field '%s'", op, name)
	case o.operands > 0 && !hasValue:
		return condition{}, fmt.Errorf("filter-op '%s' of field '%s' needs a filter", op, name)
	}

	c := condition{field: f, op: op, text: text}
	if f.kind == kindUUID {
		c.text = strings.ToLower(text) // ids are stored in lower case
	}
	if o.text || o.operands == 0 {
		return c, nil
	}
	operands := []string{text}
	if o.operands == 2 {
		operands = strings.Split(text, ",")
	}
	if len(operands) != o.operands {
		return condition{}, fmt.Errorf("filter-op '%s' of field '%s' needs two values, separated by a comma", op, name)
	}
	for _, operand := range operands {
		v, ok := f.parseText(operand)
		if !ok {
			return condition{}, fmt.Errorf("'%s' is not a value of field '%s'", operand, name)
		}
		c.values = append(c.values, v)
	}
	return c, nil
}

func (c *condition) holds(r *record) bool {
	return operators[c.op].holds(r.values[c.field.name], c)
}

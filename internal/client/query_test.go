package client

import (
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
)

func TestQueryValues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		query Query
		want  string
	}{
		{Query{}, "first=100"},
		{Query{First: 30, After: "WyJ4Il0="}, "first=30&after=WyJ4Il0%3D"},
		{
			Query{Filters: []Filter{{Field: "revision", Op: "gt", Value: "17"}, {Field: "phone_id", Value: "a&b"}, {Field: "recipient_phone_number", Op: "null"}}},
			"first=100&filter[revision]=17&filter-op[revision]=gt&filter[phone_id]=a%26b&filter[recipient_phone_number]=&filter-op[recipient_phone_number]=null",
		},
		{
			Query{Filters: []Filter{{Field: "revision", Op: "gt", Value: "17"}, {Field: "revision", Value: "20"}, {Field: "revision", Op: "lte", Value: "30"}}},
			"first=100&filter[revision]=17&filter-op[revision]=gt&filter[revision]=20&filter-op[revision]=eq&filter[revision]=30&filter-op[revision]=lte",
		},
		{
			Query{OrderBy: []string{"created", "-modified"}, Expand: []string{"a", "b.c"}, LoadOnly: []string{"id", "owner.id"}, IncludeDeleted: true},
			"first=100&order-by=created,-modified&expand=a,b.c&load-only=id,owner.id&include-deleted=true&include_deleted=true",
		},
	} {
		wantEqual(t, test.want, apitest.ParseQuery(t, test.want), test.query.values())
	}
}

func TestWriteOptionsValues(t *testing.T) {
	t.Parallel()
	options := WriteOptions{ValidationLevel: 24, RollbackMethod: 1}
	wantEqual(t, "of a batch", apitest.ParseQuery(t, "validation-level=24&rollback-method=1"), options.values())
	wantEqual(t, "of a zero batch", apitest.ParseQuery(t, "validation-level=0&rollback-method=0"), WriteOptions{}.values())
}

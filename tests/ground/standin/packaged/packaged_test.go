package packaged

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestManifests(t *testing.T) {
	d := Deployer{Variables: map[string]string{"CLUSTER_DNS": "10.43.0.10", "CLUSTER_DOMAIN": "cluster.local"}}
	for _, component := range components {
		objects, err := d.read(component)
		if err != nil || len(objects) == 0 {
			t.Fatalf("%s: %d objects, %v", component, len(objects), err)
		}
		for _, object := range objects {
			text, err := json.Marshal(object)
			if err != nil || object.GetName() == "" || object.GetKind() == "" {
				t.Errorf("%s: %s, %v", component, text, err)
			}
			// The API's address is for the chart's own job to fill in.
			if rest := strings.ReplaceAll(string(text), "%{KUBERNETES_API}%", ""); strings.Contains(rest, "%{") {
				t.Errorf("%s: something was not filled in: %s", component, text)
			}
		}
	}
}

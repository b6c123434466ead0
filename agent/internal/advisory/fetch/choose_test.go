package fetch

import (
	"fmt"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		names string
		want  string
	}{
		{"kev,alpine", "[{alpine []} {kev []}]"},
		{"osv/npm,osv/Azure Linux", "[{osv [npm Azure Linux]}]"},
		{"npm", `there is no source "npm" (there are osv, alpine, `},
		{"kev/x", `the source kev has no part "x"`},
		{"osv/", `the source osv has no part ""`},
		{"osv,osv/npm", "--source names both osv and a part of it (npm)"},
	} {
		got, err := choose(strings.Split(c.names, ","))
		type chosen struct {
			name  string
			parts []string
		}
		var all []chosen
		for _, w := range got {
			all = append(all, chosen{w.source.Name, w.parts})
		}
		said := fmt.Sprint(all)
		if err != nil {
			said = err.Error()
		}
		if !strings.HasPrefix(said, c.want) {
			t.Errorf("%s: %s, want %s", c.names, said, c.want)
		}
	}
}

func TestPartThatIsNotThere(t *testing.T) {
	in := everything(t)
	for name, want := range map[string]string{
		"osv/Ngo":     `osv.dev has no ecosystem "Ngo" (it has AlmaLinux`,
		"alpine/3.20": `no release of Alpine is called "3.20"`,
		"amazon/3":    `no release of Amazon Linux is called "3"`,
		"alpine/v9.9": `404 Not Found`,
	} {
		outcomes, err := open(t, t.TempDir()).Update(t.Context(), in.options(nil).only(name))
		if err != nil || outcomes[0].Err == nil || !strings.Contains(outcomes[0].Err.Error(), want) {
			t.Errorf("%s: %v, %+v", name, err, outcomes)
		}
	}
}

package deploy

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/rhysd/actionlint"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const root = "../.."

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestDockerfile(t *testing.T) {
	parsed, err := parser.Parse(bytes.NewReader(read(t, "Dockerfile")))
	if err != nil {
		t.Fatal(err)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, description, _, message string, where []parser.Range) {
		t.Errorf("%s: %s (%s) at %v", rule, message, description, where)
	}})
	stages, _, err := instructions.Parse(parsed.AST, lint)
	if err != nil {
		t.Fatal(err)
	}
	final := stages[len(stages)-1]
	if final.BaseName != "scratch" {
		t.Errorf("the image stands on %s, want scratch: no shell", final.BaseName)
	}
	var user, health string
	for _, command := range final.Commands {
		switch c := command.(type) {
		case *instructions.UserCommand:
			user = c.User
		case *instructions.HealthCheckCommand:
			health = strings.Join(c.Health.Test, " ")
		case *instructions.RunCommand:
			t.Errorf("%s: there is no shell to run it", c)
		}
	}
	if user != "65532:65532" {
		t.Errorf("USER %s, want a number that is nobody's", user)
	}
	if health != "CMD /vestibule healthcheck" {
		t.Errorf("HEALTHCHECK %s, want the binary itself", health)
	}
	builds := ""
	for _, command := range stages[0].Commands {
		if run, ok := command.(*instructions.RunCommand); ok {
			builds += strings.Join(run.CmdLine, " ") + "\n"
		}
	}
	for _, flag := range []string{"CGO_ENABLED=0", "-trimpath", "-tags nodemo"} {
		if !strings.Contains(builds, flag) {
			t.Errorf("the build has no %s", flag)
		}
	}
}

func TestCompose(t *testing.T) {
	name := filepath.Join(root, "docs/deploy/compose/compose.yaml")
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  filepath.Dir(name),
		ConfigFiles: []types.ConfigFile{{Filename: name}},
		Environment: types.Mapping{"CLIENT_SECRET": "secret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range project.Services {
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %s beyond this machine", service.Name, port.Published)
			}
		}
	}
	gateway := project.Services["vestibule"]
	if !gateway.ReadOnly || len(gateway.CapDrop) != 1 || gateway.CapDrop[0] != "ALL" {
		t.Error("the gateway's container can write, or has capabilities")
	}
	if grace := gateway.StopGracePeriod; grace == nil || time.Duration(*grace) <= 35*time.Second {
		t.Errorf("a stop of 25 s and 10 s for refreshes under way do not fit into %v", grace)
	}
}

// manifests is what Kustomize makes of the base, by kind.
func manifests(t *testing.T) map[string][]byte {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(root, "docs/deploy/kubernetes"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, resource := range built.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		all[resource.GetKind()] = text
	}
	return all
}

func TestKubernetes(t *testing.T) {
	all := manifests(t)
	var (
		deployment appsv1.Deployment
		budget     policyv1.PodDisruptionBudget
		scaler     autoscalingv2.HorizontalPodAutoscaler
		config     corev1.ConfigMap
	)
	for kind, into := range map[string]any{
		"Namespace": &corev1.Namespace{}, "ServiceAccount": &corev1.ServiceAccount{}, "ConfigMap": &config, "Deployment": &deployment,
		"Service": &corev1.Service{}, "Ingress": &networkingv1.Ingress{}, "NetworkPolicy": &networkingv1.NetworkPolicy{},
		"PodDisruptionBudget": &budget, "HorizontalPodAutoscaler": &scaler,
	} {
		if err := yaml.UnmarshalStrict(all[kind], into); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		delete(all, kind)
	}
	for kind := range all {
		t.Errorf("%s is not looked at", kind)
	}
	pod := deployment.Spec.Template.Spec
	container := pod.Containers[0]
	if s := container.SecurityContext; s == nil || !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || len(s.Capabilities.Drop) != 1 {
		t.Errorf("the container's security context is %v", s)
	}
	if !*pod.SecurityContext.RunAsNonRoot || *pod.SecurityContext.RunAsUser == 0 {
		t.Error("the pod runs as root")
	}
	if container.ReadinessProbe.HTTPGet.Path != "/readyz" || container.LivenessProbe.HTTPGet.Path != "/healthz" {
		t.Error("the probes ask for something else: a liveness that means readiness restarts every replica while Redis is away")
	}
	for _, port := range []string{container.ReadinessProbe.HTTPGet.Port.String(), container.LivenessProbe.HTTPGet.Port.String()} {
		if port != "admin" {
			t.Errorf("a probe asks port %s", port)
		}
	}
	if !strings.HasPrefix(pod.Volumes[0].ConfigMap.Name, config.Name) || config.Data["vestibule.yaml"] == "" {
		t.Error("the deployment does not mount the configuration that is generated")
	}
	if grace := *pod.TerminationGracePeriodSeconds; 25+10 >= grace {
		t.Errorf("a stop of 25 s and 10 s for refreshes under way do not fit into %d s", grace)
	}
	if deployment.Spec.Replicas != nil {
		t.Errorf("each apply sets %d replicas, whatever the autoscaler has found", *deployment.Spec.Replicas)
	}
	if *scaler.Spec.MinReplicas < 2 || budget.Spec.MaxUnavailable.IntValue() >= int(*scaler.Spec.MinReplicas) {
		t.Error("a node's drain may take every replica at once")
	}
}

func TestWorkflows(t *testing.T) {
	lint, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no workflow: %v", err)
	}
	for _, name := range names {
		found, err := lint.LintFile(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			t.Error(f)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if _, action, uses := strings.Cut(line, "uses: "); uses {
				_, version, _ := strings.Cut(action, "@")
				commit, _, _ := strings.Cut(strings.TrimSpace(version), " ")
				if len(commit) != 40 {
					t.Errorf("%s: %s is not pinned to a commit", filepath.Base(name), strings.TrimSpace(action))
				}
			}
		}
	}
}

// Nodes and kubelets that only say so, for tests on loopback: kwok as one program. With KWOK_ENDS_WITH_STDIN
// it ends when its standard input does, so that nothing outlives the process that started it.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"sigs.k8s.io/kwok/pkg/config"
	"sigs.k8s.io/kwok/pkg/kwok/cmd"
	"sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/signals"
)

func endWithStandardInput() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func run() error {
	shared := pflag.NewFlagSet("shared", pflag.ContinueOnError)
	shared.ParseErrorsAllowlist.UnknownFlags = true
	shared.Usage = func() {}
	logging, _ := log.InitFlags(signals.SetupSignalContext(), shared)
	configured, err := config.InitFlags(logging, shared)
	if err != nil {
		return err
	}
	command := cmd.NewCommand(configured)
	command.PersistentFlags().AddFlagSet(shared)
	return command.ExecuteContext(configured)
}

func main() {
	if os.Getenv("KWOK_ENDS_WITH_STDIN") != "" {
		go endWithStandardInput()
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

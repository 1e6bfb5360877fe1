using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Faults;

/// <summary>Injects and repairs faults as their files say.</summary>
internal sealed class FaultInjector(LabRun run)
{
    private static readonly TimeSpan Timeout = ScaledTimeout.Seconds(20);

    public async Task DoAsync(Fault fault, IEnumerable<FaultStep> steps, CancellationToken cancel)
    {
        foreach (var step in steps)
        {
            try
            {
                await DoAsync(step, cancel);
            }
            catch (LabException e)
            {
                throw new LabException($"fault {fault.Name}: {e.Message}", e);
            }
        }
    }

    private async Task DoAsync(FaultStep step, CancellationToken cancel)
    {
        var node = run.Topology.Node(step.In);
        IReadOnlyList<string> Shell(string command) => ["sh", "-ec", run.Fill(command, node)];
        if (step.Run.Length > 0)
            await SystemCommand.RunAsync(run.Folder.Namespace(node.Name).Enter(Shell(step.Run)), cancel);
        if (step.End.Length > 0)
            await run.EndServiceAsync(node.Name, step.End);
        if (step.Start.Length > 0)
            await run.StartServiceAsync(node.Name, step.Start, cancel);
        if (step.Launch.Length > 0)
        {
            // The program replaces the shell, so that a signal reaches the program.
            using var process = run.Launch(node.Name, step.Launch, Shell("exec " + step.Command));
        }
        if (step.Until.Length > 0)
        {
            var became = await Wait.TryUntilAsync(
                async () =>
                    (await SystemCommand.TryRunAsync(run.Folder.Namespace(node.Name).Enter(Shell(step.Until)),
                        cancel)).ExitCode == 0, Timeout, cancel);
            if (!became)
                throw new LabException(
                    $"on {node.Name} this command did not succeed within {Timeout.TotalSeconds:0} s: {step.Until}");
        }
    }
}

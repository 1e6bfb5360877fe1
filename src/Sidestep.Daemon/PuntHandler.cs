using Sidestep.Daemon.Engines;
using Sidestep.Hosting.Supervision;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>The fragmentation of punted packets, from the first tables to the end of the daemon. Forwarding works
/// without it.</summary>
/// <param name="engine">The engine, which does it itself or passes packets to the daemon.</param>
/// <param name="supervisor">Runs its thread.</param>
/// <param name="status">Receives the reason why it is not possible.</param>
/// <param name="log">The same.</param>
internal sealed class PuntHandler(DirectorEngine engine, Supervisor supervisor, StatusReporter status, ILogger log)
    : IDisposable
{
    private IDisposable? _open;

    /// <summary>Starts to fragment.</summary>
    internal void Open()
    {
        try
        {
            _open = engine.OpenPunt(supervisor);
        }
        catch (NativeException e)
        {
            var problem = $"oversized packets are not fragmented: {e.Message}";
            log.FragmentationProblem(problem);
            status.SetProblems(ProblemSource.Punt, [problem]);
        }
    }

    public void Dispose() => _open?.Dispose();
}

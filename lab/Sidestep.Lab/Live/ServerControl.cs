using Sidestep.Lab.Processes;
using Sidestep.Lab.Scenarios;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Live;

/// <summary>
/// Kills, drains and restores a server as its operator would: by the process id of its web server, and by the
/// director's file. One call at a time.
/// </summary>
internal sealed class ServerControl
{
    private const string WebSocket = "tcp:80";

    private readonly LabRun _run;
    private readonly DirectorFile _file;
    private readonly HashSet<string> _draining = [];
    private readonly Dictionary<string, Service> _stopped = [];

    public ServerControl(LabRun run)
    {
        _run = run;
        _file = new DirectorFile(run.DirectorConfiguration);
        Servers = [.. _file.Servers.Distinct()];
    }

    /// <summary>The servers of the director's file, in its order.</summary>
    public IReadOnlyList<string> Servers { get; }

    /// <summary>The changes that the lab made to a server, in a few words; empty when there are none.</summary>
    public string NoteOf(string server) =>
        (_stopped.TryGetValue(server, out var service), _draining.Contains(server)) switch
        {
            (true, true) => "stopped, drained",
            (true, false) => $"{service!.Name} stopped",
            (false, true) => "state: draining",
            _ => "",
        };

    /// <returns>What was done, for a reader.</returns>
    public Task<string> DoAsync(LiveAction action, string server, CancellationToken cancel) => action switch
    {
        LiveAction.Kill => KillAsync(server),
        LiveAction.Drain => Task.FromResult(Drain(server)),
        LiveAction.Restore => RestoreAsync(server, cancel),
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, null),
    };

    private async Task<string> KillAsync(string server)
    {
        if (_stopped.ContainsKey(server))
            return $"{server}: nothing to kill, it is stopped";
        if (_run.Topology.Nodes.Find(n =>
            n.Name == server)?.Services.Find(s => s.Listens.Contains(WebSocket)) is not { } service
            || _run.Folder.Find(server, service.Name) is not { } process)
            return $"{server}: nothing to kill, no process of it listens on {WebSocket}";
        await ProcessSignals.EndAsync([process.Identity]);
        _stopped.Add(server, service);
        return $"{server}: killed {service.Name}, process {process.Identity.Id}";
    }

    private string Drain(string server)
    {
        if (!_draining.Add(server))
            return $"{server}: its state is draining already";
        _file.Set(server, "state", "draining");
        _file.Save();
        return $"{server}: wrote state: draining into {Path.GetFileName(_run.DirectorConfiguration)}";
    }

    private async Task<string> RestoreAsync(string server, CancellationToken cancel)
    {
        var done = new List<string>();
        if (_stopped.TryGetValue(server, out var service))
        {
            await _run.StartServiceAsync(server, service.Name, cancel);
            _stopped.Remove(server);
            done.Add($"started {service.Name}");
        }
        if (_draining.Remove(server))
        {
            _file.Add(server);
            _file.Save();
            done.Add($"removed state: draining from {Path.GetFileName(_run.DirectorConfiguration)}");
        }
        return $"{server}: {(done.Count > 0 ? string.Join(", ", done) : "nothing to restore")}";
    }
}

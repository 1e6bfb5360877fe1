using Sidestep.Lab.Scenarios;
using Sidestep.Lab.Topologies;
using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Live;

/// <summary>Makes the model of the live view: from captures, the clients' log, and `sidestep status`. For one
/// thread.</summary>
internal sealed class LiveSource(LabRun run, LiveFrames frames, ServerControl control, EventLog events, bool hasKeys)
{
    private static readonly TimeSpan RateLength = TimeSpan.FromSeconds(3);

    // Failures come in dozens; one event each would push out all others.
    private static readonly TimeSpan FailureInterval = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyList<string> _drawing = TopologyReader.Drawing(run.Topology).Split('\n');
    private readonly Dictionary<string, RateWindow> _rates = [];
    private int _failed;
    private TimeSpan _nextFailureEvent;

    public LiveModel Read(SidestepStatus? status, TrafficLog? traffic, int selected)
    {
        var counts = traffic?.Now;
        var (director, clients) = (frames.AtDirector, frames.AtClient);
        var forwarded = director.RequestsOut.Frames + director.EncapsulatedOut.Frames;
        ReportFailures(traffic, counts);
        var (sentence, health) = StatusOf(status, traffic is not null);
        return new LiveModel
        {
            Topology = run.Topology.Name,
            RunId = run.Folder.Id,
            Elapsed = events.Elapsed,
            Status = sentence,
            StatusHealth = health,
            Drawing = _drawing,
            Encapsulation = run.Topology.Encapsulation switch
            {
                "none" =>
                "MACs rewritten",
                "outer" => "encapsulated",
                _ => "in both forms"
            },
            RequestsIn = Flow("in", director.RequestsIn.Frames),
            RequestsForwarded = Flow("out", forwarded),
            RepliesAtDirector = Flow("replies at director", director.Replies.Frames),
            RepliesAtClients = Flow("replies at clients", clients.Replies.Frames),
            Answered = Flow("answered", counts?.Ok ?? 0),
            Failed = Flow("failed", counts?.Failed ?? 0),
            Servers = [.. control.Servers.Select(name =>
                ServerOf(name, status?.Servers.GetValueOrDefault(name), counts?.Of(name) ?? 0))],
            Selected = selected,
            EvictedFlows = status?.EvictedFlows ?? 0,
            Events = events.Last,
            HasKeys = hasKeys,
        };
    }

    private LiveServer ServerOf(string name, ServerStatus? status, int answered)
        => new(name, LiveState.Of(status?.State), Flow($"server {name}", answered), status?.TrackedFlows
            ?? 0, control.NoteOf(name));

    private LiveFlow Flow(string counter, long total)
    {
        if (!_rates.TryGetValue(counter, out var rate))
            _rates.Add(counter, rate = new RateWindow(RateLength));
        return rate.Add(events.Elapsed, total);
    }

    private void ReportFailures(TrafficLog? traffic, TrafficCounts? counts)
    {
        if (counts is null || counts.Failed == _failed || events.Elapsed < _nextFailureEvent)
            return;
        _nextFailureEvent = events.Elapsed + FailureInterval;
        var failed = counts.Failed - _failed;
        _failed = counts.Failed;
        events.Add($"{failed} {(failed == 1 ? "request" : "requests")} failed; the last: {traffic!.LastFailure}");
    }

    private static (string Sentence, LiveHealth Health) StatusOf(SidestepStatus? status, bool hasTraffic) =>
        status switch
        {
            null => ("The director does not forward yet. No request is sent.", LiveHealth.Warning),
            _ when !hasTraffic =>
                ("The director runs, and waits for healthy servers. No request is sent.", LiveHealth.Warning),
            { DaemonProcessId: null } =>
                ($"The daemon does not run, or is starting: engine {status.Engine}, driver {status.Driver}.",
                    LiveHealth.Bad),
            { ServicesWithoutServer.Count: > 0 } =>
                ($"No server for {string.Join(", ", status.ServicesWithoutServer)}.", LiveHealth.Bad),
            _ => ($"The director forwards: engine {status.Engine}, driver {status.Driver}, revision {status.Revision}.",
                LiveHealth.Good),
        };
}

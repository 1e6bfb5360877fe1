using System.Diagnostics;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Scenarios;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Bounces;

/// <summary>Does disturbances, one after another, and waits after each until all is in place again.</summary>
/// <param name="run">The run.</param>
/// <param name="before">The state of each disturbed node before Sidestep started.</param>
/// <param name="brokenConnections">Counts the connections that have broken until now.</param>
/// <param name="log">Receives the events.</param>
internal sealed class BounceRunner(LabRun run, IReadOnlyDictionary<string, HostState> before,
    Func<int> brokenConnections, Action<string> log)
{
    /// <summary>The daemon compares twice a second, and the agent reads settings every few seconds.</summary>
    private static readonly TimeSpan RestoreTimeout = ScaledTimeout.Seconds(20);

    /// <summary>How long a link stays down.</summary>
    private static readonly TimeSpan LinkDown = TimeSpan.FromSeconds(0.3);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>After an outage everything must work for so long, before the next one.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);

    private readonly Stopwatch _watch = new();
    private readonly List<BounceEvent> _events = [];

    /// <summary>The state of each node after the start. Every restoration must reach it again.</summary>
    private readonly Dictionary<string, HostState> _expected = [];

    public IReadOnlyList<BounceEvent> Events => _events;

    /// <summary>Times at which something was missing that traffic needs.</summary>
    public Outages Outages { get; } = new();

    /// <summary>Those among them at which a link was down.</summary>
    public Outages LinkOutages { get; } = new();

    public int Rounds { get; private set; }

    /// <summary>Does rounds of all disturbances until the time is over, at least one.</summary>
    /// <param name="plan">The nodes, and how long or how often.</param>
    /// <param name="fallback">The time where the plan has none.</param>
    /// <param name="cancel">Ends the run.</param>
    public async Task RunAsync(Bounce plan, TimeSpan fallback, CancellationToken cancel)
    {
        foreach (var node in run.Topology.Nodes)
            _expected[node.Name] = await ReadAsync(node.Name, cancel);
        var disturbances = DisturbancesOf(plan);
        _watch.Start();
        var time = plan.Minutes is { } minutes ? TimeSpan.FromMinutes(minutes) : fallback;
        do
        {
            foreach (var disturbance in disturbances)
                await DoAsync(disturbance, cancel);
            Rounds++;
        }
        while (plan.Rounds is { } rounds ? Rounds < rounds : _watch.Elapsed < time);
    }

    /// <summary>What a node lacks, and what it has too much.</summary>
    public async Task<IReadOnlyList<string>> DifferencesAsync(string node, CancellationToken cancel)
    {
        var (expected, present) = (_expected[node].Parts, (await ReadAsync(node, cancel)).Parts);
        return
        [
            .. expected.Except(present).Select(p => $"{node} lacks: {p}").Order(StringComparer.Ordinal),
            .. present.Except(expected).Select(p => $"{node} has: {p}").Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Alternates between the nodes, so that a server can answer its health checks in between.</summary>
    private List<Disturbance> DisturbancesOf(Bounce plan)
    {
        var queues = plan.Nodes.Select(name =>
        {
            var isDirector = name == run.Topology.Director.Node;
            var removals = Removal.AllOf(before[name], _expected[name]);
            if (removals.Count == 0)
                throw new LabException($"{name}: nothing in the kernel differs from the state before the start.");
            return new Queue<Disturbance>([
                .. removals.Select(r => Disturbance.Of(name, r, isDirector)),
                .. new[] { Disturbance.OfNetworkManager(name, removals, isDirector) }.OfType<Disturbance>(),
            ]);
        }).Append(new Queue<Disturbance>(run.Topology.Links.SelectMany(static l => l.Ends)
            .Select(static e => Disturbance.OfLink(LinkEnd.Parse(e))))).ToArray();
        var all = new List<Disturbance>();
        while (queues.Any(static q => q.Count > 0))
        {
            foreach (var queue in queues.Where(static q => q.Count > 0))
                all.Add(queue.Dequeue());
        }
        return all;
    }

    private async Task DoAsync(Disturbance disturbance, CancellationToken cancel)
    {
        var at = _watch.Elapsed;
        var broken = brokenConnections();
        var watched = WatchedNodes(disturbance);
        if (disturbance.IsOutage)
            Outages.Begin();
        if (disturbance.Link is not null)
            LinkOutages.Begin();
        await ShellAsync(disturbance.Node, disturbance.Command, cancel);
        var begin = _watch.Elapsed;
        if (disturbance.Link is { } end)
        {
            await Task.Delay(LinkDown, cancel);
            await ShellAsync(end.Node, $"ip link set {end.Interface} up", cancel);
            await ConfigureAgainAsync(end.Node, cancel);
            begin = _watch.Elapsed;
        }
        IReadOnlyList<string> differences = [];
        await Wait.TryUntilAsync(async () =>
        {
            differences = [.. (await Task.WhenAll(watched.Select(n => DifferencesAsync(n, cancel))))
                .SelectMany(static d => d)];
            return differences.Count == 0;
        }, RestoreTimeout, cancel, PollInterval);
        LinkOutages.End();
        Outages.End();
        var took = _watch.Elapsed - begin;
        if (disturbance.IsOutage)
            await Task.Delay(Pause, cancel);
        broken = brokenConnections() - broken;
        _events.Add(new BounceEvent(disturbance.Node, disturbance.What, Math.Round(at.TotalSeconds, 1),
            Math.Round(took.TotalSeconds, 2), broken, differences));
        log($"{at.TotalSeconds,5:0.0} s  {disturbance.Node}: {disturbance.What}: "
            + (differences.Count == 0 ? $"restored after {took.TotalSeconds:0.00} s"
                : $"NOT RESTORED: {string.Join("; ", differences)}")
            + (broken > 0 ? $"; {broken} CONNECTIONS BROKE" : ""));
        // What is missing now is one fault. It must not appear after every later event as well.
        foreach (var node in differences.Count == 0 ? [] : watched)
            _expected[node] = await ReadAsync(node, cancel);
    }

    /// <summary>A link has two nodes.</summary>
    private string[] WatchedNodes(Disturbance disturbance) => disturbance.Link is { } end
        ? [.. run.Topology.Links.Find(l => l.Ends.Contains($"{end.Node}:{end.Interface}"))!.Ends
            .Select(static e => LinkEnd.Parse(e).Node)]
        : [disturbance.Node];

    /// <summary>What a network manager does when a link comes up: the kernel has removed its routes, and its IPv6
    /// addresses.</summary>
    private async Task ConfigureAgainAsync(string name, CancellationToken cancel)
    {
        var node = run.Topology.Node(name);
        var lines = node.Addresses.SelectMany(static a => a.Value.SelectMany(AddressRange.Expand)
                .Where(static t => t.Contains(':')).Select(t => $"address replace {t} dev {a.Key} nodad"))
            .Concat(node.Routes.Select(static r => $"route replace {r}"));
        await SystemCommand.RunAsync(["ip", "-netns", run.Folder.Namespace(name).Name, "-batch", "-"], cancel,
            string.Join('\n', lines) + "\n");
    }

    private Task<HostState> ReadAsync(string node, CancellationToken cancel) =>
        HostState.ReadAsync(run.Folder.Namespace(node), cancel);

    private Task<string> ShellAsync(string node, string line, CancellationToken cancel) =>
        SystemCommand.RunAsync(run.Folder.Namespace(node).Enter("sh", "-c", line), cancel);
}

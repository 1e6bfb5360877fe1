using System.Globalization;
using System.Text.Json;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Running;
using Sidestep.Model;
using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Writes the state of a director for people and for programs.</summary>
/// <param name="director">Which.</param>
/// <param name="status">From the kernel, or the daemon.</param>
/// <param name="daemon">What its daemon last said of itself, if it said anything.</param>
/// <param name="isRunning">Whether that daemon runs.</param>
/// <param name="health">What it last said of its servers, if it said anything.</param>
/// <param name="engine">What forwards.</param>
public sealed class StatusReport(DirectorSettings director, DirectorStatus status, DaemonReport? daemon, bool isRunning, HealthReport? health = null,
    EngineKind engine = EngineKind.Xdp)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly Dictionary<(string Pool, string Way, string Name), ServerHealthReport> _health =
        (health?.Servers ?? []).DistinctBy(static s => (s.Pool, s.Way, s.Name)).ToDictionary(static s => (s.Pool, s.Way, s.Name));

    /// <summary>One JSON object; docs/operations.md describes it.</summary>
    public void WriteJson(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(
        new
        {
            director = director.Name,
            engine = engine.Name(),
            revision = status.Revision,
            appliedAt = status.AppliedAt,
            daemon = new
            {
                running = isRunning,
                starting = isRunning && daemon is { IsStarting: true },
                processId = isRunning ? daemon?.ProcessId : null,
                configurationFile = daemon?.ConfigurationFile,
                errors = daemon?.Errors ?? [],
                unresolved = daemon?.Unresolved ?? [],
                degraded = daemon?.Degraded ?? [],
                alarms = daemon?.Alarms ?? [],
                groups = daemon?.Groups ?? [],
                notes = daemon?.Notes ?? [],
            },
            interfaces = status.Interfaces.Select(static i => new { name = i.Name, driver = DriverOf(i), zeroCopy = i.IsZeroCopy }),
            workers = status.Workers,
            services = status.Services.Select(static s => new
            {
                name = s.Name,
                takes = s.Takes,
                pool = s.Group.Pool,
                dsr = Dsr(s.Group),
                hasServers = s.HasServers,
                packets = s.Forwarded.Packets,
                bytes = s.Forwarded.Bytes,
            }),
            pools = status.Groups.Select(static g => new
            {
                name = g.Key.Pool,
                dsr = Dsr(g.Key),
                servers = g.Servers.Select(static s => new
                {
                    name = s.Name,
                    address = s.Address.ToString(),
                    weight = s.Weight,
                    state = Lower(s.State),
                    slots = s.Slots,
                    flows = s.Flows,
                    packets = s.Forwarded.Packets,
                    bytes = s.Forwarded.Bytes,
                }),
            }),
            health,
            answers = status.Answers.ToDictionary(static a => Camel(a.Key.ToString()), static a => new { packets = a.Value.Packets, bytes = a.Value.Bytes }),
            forgotten = new { flows = status.FlowsForgotten, fragments = status.FragmentsForgotten },
            drops = status.Drops.ToDictionary(static d => Camel(d.Key.ToString()), static d => new { packets = d.Value.Packets, bytes = d.Value.Bytes }),
        },
        Json));

    /// <summary>Tables; drops that never happened are left out.</summary>
    public void WriteText(TextWriter output)
    {
        var console = TextConsole.On(output);
        console.MarkupLineInterpolated($"[bold]{director.Name}[/]: {Sentence()}");
        foreach (var problem in (daemon?.Errors ?? []).Concat(daemon?.Alarms ?? []).Concat(daemon?.Unresolved ?? []).Concat(daemon?.Degraded ?? []).Concat(daemon?.Notes ?? []))
            console.MarkupLineInterpolated($"  {problem}");

        var services = NewTable("service", "takes", "pool", "DSR");
        foreach (var s in status.Services)
            AddRow(services, s.Forwarded, s.HasServers ? s.Name : $"{s.Name} (no server)", Shortened(s.Takes), s.Group.Pool, Dsr(s.Group));
        console.Write(services);

        var servers = NewTable("real server", "pool", "address", "state", "DSR path", "service", "weight", "slots", "flows");
        foreach (var (group, s) in status.Groups.SelectMany(static g => g.Servers.Select(s => (g.Key, s))))
        {
            var watched = HealthOf(group, s);
            AddRow(servers, s.Forwarded, s.Name, group.ToString(), s.Address.ToString(), Lower(s.State), watched?.DsrPath ?? "none", watched?.Service ?? "none",
                Number(s.Weight), Number(s.Slots), Number(s.Flows));
        }
        console.Write(servers);
        HealthText.Write(console, health);

        var rest = NewTable("answered or dropped");
        foreach (var (decision, tally) in status.Answers.Where(static a => a.Value.Packets > 0 || a.Key is Decision.AnswerArp or Decision.AnswerEcho))
            AddRow(rest, tally, Answered(decision));
        foreach (var (reason, tally) in status.Drops.Where(static d => d.Value.Packets > 0))
            AddRow(rest, tally, $"dropped: {Camel(reason.ToString())}");
        console.Write(rest);
        if (status.FlowsForgotten > 0)
            console.WriteLine($"{Number(status.FlowsForgotten)} remembered flows had to make room for others: raise director.rememberedFlows");
        if (status.FragmentsForgotten > 0)
            console.WriteLine($"{Number(status.FragmentsForgotten)} fragmented datagrams had to make room for others");
        foreach (var worker in status.Workers.Where(static w => w.LostReceived + w.LostSent > 0))
            console.WriteLine($"{worker.Name}: {Number(worker.LostReceived)} frames came when it had no room, and {Number(worker.LostSent)} were taken by no device");
    }

    private ServerHealthReport? HealthOf(GroupKey group, ServerStatus server) =>
        _health.GetValueOrDefault((group.Pool, group.Way.ToString(), server.Name));

    private string Sentence()
    {
        var interfaces = status.Interfaces.Count == 0
            ? "attached to no interface"
            : "on " + string.Join(", ", status.Interfaces.Select(static i => $"{i.Name} ({DriverOf(i)}{CopiesOf(i)})"));
        var process = isRunning ? $"daemon {(daemon is { IsStarting: true } ? "starting" : "running")} (pid {daemon?.ProcessId})"
            : status.IsAttached ? "daemon not running, the kernel goes on forwarding"
            : "daemon not running, nothing is forwarded";
        return string.Create(CultureInfo.InvariantCulture, $"{interfaces}; revision {status.Revision} of {status.AppliedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss}; {process}");
    }

    private static Table NewTable(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
            table.AddColumn(new TableColumn(column).NoWrap());
        return table.AddColumn(new TableColumn("packets").RightAligned().NoWrap()).AddColumn(new TableColumn("bytes").RightAligned().NoWrap());
    }

    private static void AddRow(Table table, Tally tally, params string[] cells) =>
        table.AddRow([.. cells.Append(Number(tally.Packets)).Append(Number(tally.Bytes)).Select(static c => new Text(c))]);

    private static string Number<T>(T value) where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Answered(Decision decision) => decision switch
    {
        Decision.AnswerArp => "ARP answered",
        Decision.AnswerNeighbour => "neighbour solicitation answered",
        Decision.AnswerEcho => "echo answered",
        Decision.AnswerTooBig => "too big: sender told",
        Decision.AnswerReset => "reset after a drain",
        Decision.DeliverLocally => "delivered locally",
        Decision.Fragmented => "sent in fragments",
        _ => Camel(decision.ToString()),
    };

    /// <summary>The first of many; JSON has them all.</summary>
    private static string Shortened(IReadOnlyList<string> takes) =>
        takes.Count <= 2 ? string.Join(", ", takes) : $"{takes[0]}, and {Number(takes.Count - 1)} more";

    private static string Dsr(GroupKey group) => group.Way.ToString();

    private static string DriverOf(AttachedInterface attached) => attached.Driver?.Name() ?? "gone";

    private static string CopiesOf(AttachedInterface attached) => attached.IsZeroCopy switch
    {
        true => ", zero copy",
        false => ", copies",
        null => "",
    };

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string Camel(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);
}

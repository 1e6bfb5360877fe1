using System.Globalization;
using System.Text.Json;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
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

    private readonly Dictionary<(string Pool, string Encap, string Name), ServerHealthReport> _health =
        (health?.Servers ?? []).DistinctBy(static s => (s.Pool, s.Encap, s.Name)).ToDictionary(static s => (s.Pool, s.Encap, s.Name));

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
                multicastMacs = daemon?.MulticastMacs ?? [],
                notes = daemon?.Notes ?? [],
            },
            interfaces = status.Interfaces.Select(static i => new { name = i.Name, driver = DriverOf(i), zeroCopy = i.IsZeroCopy }),
            workers = status.Workers.Select(static w => new { name = w.Name, frames = w.Counters.Frames, sent = w.Counters.Sent, rxDropped = w.Counters.RxDropped, txDropped = w.Counters.TxDropped }),
            services = status.Services.Select(static s => new
            {
                name = s.Name,
                matches = s.Matches,
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
            responses = status.Responses.ToDictionary(static a => Camel(a.Key.ToString()), static a => new { packets = a.Value.Packets, bytes = a.Value.Bytes }),
            evicted = new { flows = status.FlowsEvicted, fragments = status.FragmentsEvicted },
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

        var services = NewTable("service", "matches", "pool", "DSR");
        foreach (var s in status.Services)
            AddRow(services, s.Forwarded, s.HasServers ? s.Name : $"{s.Name} (no server)", Shortened(s.Matches), s.Group.Pool, Dsr(s.Group));
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
        foreach (var (decision, counter) in status.Responses.Where(static a => a.Value.Packets > 0 || a.Key is Decision.ArpReply or Decision.EchoReply))
            AddRow(rest, counter, ResponseText(decision));
        foreach (var (reason, counter) in status.Drops.Where(static d => d.Value.Packets > 0))
            AddRow(rest, counter, $"dropped: {Camel(reason.ToString())}");
        console.Write(rest);
        if (status.FlowsEvicted > 0)
            console.WriteLine($"{Number(status.FlowsEvicted)} remembered flows had to make room for others: raise director.flowTableSize");
        if (status.FragmentsEvicted > 0)
            console.WriteLine($"{Number(status.FragmentsEvicted)} fragmented datagrams had to make room for others");
        foreach (var (name, figures) in status.Workers.Where(static w => w.Counters.RxDropped + w.Counters.TxDropped > 0))
            console.WriteLine($"{name}: {Number(figures.RxDropped)} frames came when it had no room, and {Number(figures.TxDropped)} were taken by no device");
    }

    private ServerHealthReport? HealthOf(GroupKey group, ServerStatus server) =>
        _health.GetValueOrDefault((group.Pool, group.Encap.ToString(), server.Name));

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

    private static void AddRow(Table table, Counter counter, params string[] cells) =>
        table.AddRow([.. cells.Append(Number(counter.Packets)).Append(Number(counter.Bytes)).Select(static c => new Text(c))]);

    private static string Number<T>(T value) where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private static string ResponseText(Decision decision) => decision switch
    {
        Decision.ArpReply => "ARP answered",
        Decision.NeighbourAdvertisement => "neighbour solicitation answered",
        Decision.EchoReply => "echo answered",
        Decision.IcmpTooBig => "too big: sender told",
        Decision.TcpReset => "reset after a drain",
        Decision.DeliverLocally => "delivered locally",
        Decision.Punted => "sent in fragments",
        _ => Camel(decision.ToString()),
    };

    /// <summary>The first of many; JSON has them all.</summary>
    private static string Shortened(IReadOnlyList<string> matches) =>
        matches.Count <= 2 ? string.Join(", ", matches) : $"{matches[0]}, and {Number(matches.Count - 1)} more";

    private static string Dsr(GroupKey group) => group.Encap.ToString();

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

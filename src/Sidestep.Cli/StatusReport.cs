using System.Globalization;
using System.Text.Json;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Model;
using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Writes the status of a director.</summary>
/// <param name="director">The director.</param>
/// <param name="running">Its state.</param>
public sealed class StatusReport(DirectorSettings director, RunningStatus running)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly DirectorStatus _status = running.Status;
    private readonly DaemonReport? _daemon = running.Daemon;
    private readonly HealthReport? _report = running.Health;

    private readonly Dictionary<(string Pool, string Encap, string Name), ServerHealthReport> _health =
        (running.Health?.Servers ?? []).DistinctBy(static s => (s.Pool, s.Encap, s.Name))
            .ToDictionary(static s => (s.Pool, s.Encap, s.Name));

    /// <summary>Writes one JSON object; docs/operations.md describes it.</summary>
    public void WriteJson(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(
        new
        {
            director = director.Name,
            engine = running.Engine.Name(),
            revision = _status.Revision,
            appliedAt = _status.AppliedAt,
            daemon = new
            {
                running = running.IsRunning,
                starting = running.IsRunning && _daemon is { IsStarting: true },
                processId = running.IsRunning ? _daemon?.ProcessId : null,
                configurationFile = _daemon?.ConfigurationFile,
                errors = _daemon?.Errors ?? [],
                unresolved = _daemon?.Unresolved ?? [],
                degraded = _daemon?.Degraded ?? [],
                alarms = _daemon?.Alarms ?? [],
                multicastMacs = _daemon?.MulticastMacs ?? [],
                notes = _daemon?.Notes ?? [],
            },
            interfaces = _status.Interfaces.Select(static i =>
                new { name = i.Name, driver = DriverOf(i), zeroCopy = i.IsZeroCopy }),
            workers = _status.Workers.Select(static w =>
                new
                {
                    name = w.Name,
                    frames = w.Counters.Frames,
                    sent = w.Counters.Sent,
                    rxDropped = w.Counters.RxDropped,
                    txDropped = w.Counters.TxDropped,
                }),
            services = _status.Services.Select(static s => new
            {
                name = s.Name,
                matches = s.Matches,
                pool = s.Group.Pool,
                encap = EncapOf(s.Group),
                hasServers = s.HasServers,
                packets = s.Forwarded.Packets,
                bytes = s.Forwarded.Bytes,
            }),
            pools = _status.Groups.Select(static g => new
            {
                name = g.Key.Pool,
                encap = EncapOf(g.Key),
                servers = g.Servers.Select(static s => new
                {
                    name = s.Name,
                    address = s.Address.ToString(),
                    weight = s.Weight,
                    state = CounterName.Of(s.State),
                    slots = s.Slots,
                    flows = s.Flows,
                    packets = s.Forwarded.Packets,
                    bytes = s.Forwarded.Bytes,
                }),
            }),
            health = _report,
            responses = Counters(_status.Responses),
            evicted = new { flows = _status.FlowsEvicted, fragments = _status.FragmentsEvicted },
            drops = Counters(_status.Drops),
        },
        Json));

    /// <summary>Writes tables; drop reasons that never occurred are omitted.</summary>
    public void WriteText(TextWriter output)
    {
        var console = TextConsole.On(output);
        console.MarkupLineInterpolated($"[bold]{director.Name}[/]: {Sentence()}");
        if (_daemon is not null)
        {
            foreach (var line in (IEnumerable<string>)
                [.. _daemon.Errors, .. _daemon.Alarms, .. _daemon.Unresolved, .. _daemon.Degraded, .. _daemon.Notes])
                console.MarkupLineInterpolated($"  {line}");
        }

        var services = new ReportTable(["service", "matches", "pool", "encap"], "packets", "bytes");
        foreach (var s in _status.Services)
            AddRow(services, s.Forwarded, s.HasServers ? s.Name : $"{s.Name} (no server)", Shortened(s.Matches),
                s.Group.Pool, EncapOf(s.Group));
        services.Write(console);

        var servers = new ReportTable(["real server", "pool", "address", "state", "DSR path", "service"],
            "weight", "slots", "flows", "packets", "bytes");
        foreach (var (group, s) in _status.Groups.SelectMany(static g => g.Servers.Select(s => (g.Key, s))))
        {
            var serverHealth = HealthOf(group, s);
            AddRow(servers, s.Forwarded, s.Name, group.ToString(), s.Address.ToString(), CounterName.Of(s.State),
                serverHealth?.DsrPath ?? "unknown", serverHealth?.Service ?? "unknown",
                Number(s.Weight), Number(s.Slots), Number(s.Flows));
        }
        servers.Write(console);
        HealthText.Write(console, _report);

        var decisions = new ReportTable(["decision"], "packets", "bytes");
        foreach (var (decision, counter) in _status.Responses.Where(static a =>
            a.Value.Packets > 0 || a.Key is Decision.ArpReply or Decision.EchoReply))
            AddRow(decisions, counter, CounterName.Of(decision));
        foreach (var (reason, counter) in _status.Drops.Where(static d => d.Value.Packets > 0))
            AddRow(decisions, counter, $"drop {CounterName.Of(reason)}");
        decisions.Write(console);
        if (_status.FlowsEvicted > 0)
            console.WriteLine(
                $"{Number(_status.FlowsEvicted)} tracked flows were evicted: raise director.flowTableSize");
        if (_status.FragmentsEvicted > 0)
            console.WriteLine($"{Number(_status.FragmentsEvicted)} tracked fragmented datagrams were evicted");
        foreach (var (name, counters) in _status.Workers.Where(static w =>
            w.Counters.RxDropped + w.Counters.TxDropped > 0))
            console.WriteLine(
                $"{name}: {Number(counters.RxDropped)} received frames were dropped, and {Number(counters.TxDropped)} "
                + "frames could not be sent");
    }

    private ServerHealthReport? HealthOf(GroupKey group, ServerStatus server) =>
        _health.GetValueOrDefault((group.Pool, group.Encap.ToString(), server.Name));

    private string Sentence()
    {
        var interfaces = _status.Interfaces.Count == 0
            ? "attached to no interface"
            : "on " + string.Join(", ", _status.Interfaces.Select(static i =>
                $"{i.Name} ({DriverOf(i)}{CopiesOf(i)})"));
        var process = running.IsRunning
            ? $"daemon {(_daemon is { IsStarting: true } ? "starting" : "running")} (pid {_daemon?.ProcessId})"
            : _status.IsAttached ? "daemon not running, the kernel still forwards"
            : "daemon not running, nothing is forwarded";
        return string.Create(CultureInfo.InvariantCulture,
            $"{interfaces}; revision {_status.Revision} of {_status.AppliedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss}; "
            + $"{process}");
    }

    private static Dictionary<string, object> Counters<T>(IReadOnlyDictionary<T, Counter> counters)
        where T : struct, Enum => counters.ToDictionary(static c => CounterName.Of(c.Key),
            static c => (object)new { packets = c.Value.Packets, bytes = c.Value.Bytes });

    private static void AddRow(ReportTable table, Counter counter, params string[] cells) =>
        table.AddRow([.. cells, Number(counter.Packets), Number(counter.Bytes)]);

    private static string Number<T>(T value) where T : IFormattable =>
        value.ToString(null, CultureInfo.InvariantCulture);

    /// <summary>The first of several; the JSON form has all.</summary>
    private static string Shortened(IReadOnlyList<string> matches) =>
        matches.Count <= 2 ? string.Join(", ", matches) : $"{matches[0]}, and {Number(matches.Count - 1)} more";

    private static string EncapOf(GroupKey group) => group.Encap.ToString();

    private static string DriverOf(AttachedInterface attached) => attached.Driver?.Name() ?? "gone";

    private static string CopiesOf(AttachedInterface attached) => attached.IsZeroCopy switch
    {
        true => ", zero copy",
        false => ", copies",
        null => "",
    };
}

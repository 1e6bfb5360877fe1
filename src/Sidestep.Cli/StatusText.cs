using System.Globalization;
using Sidestep.Api.Status;
using Sidestep.Forwarding;
using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Writes the status of a director for people. Drop reasons that never occurred are omitted.</summary>
internal static class StatusText
{
    internal static void Write(DirectorStatus status, TextWriter output)
    {
        var console = TextConsole.On(output);
        console.MarkupLineInterpolated($"[bold]{status.Director}[/]: {Sentence(status)}");
        if (status.Source == StatusSource.PinnedTables)
            console.WriteLine("  read from the pinned tables: health, agents and address conflicts are unknown");
        var daemon = status.Daemon;
        foreach (var line in (IEnumerable<string>)
            [.. daemon.Errors, .. daemon.Alarms, .. daemon.Unresolved, .. daemon.Degraded, .. daemon.Notes])
            console.MarkupLineInterpolated($"  {line}");
        foreach (var part in daemon.Restored)
            console.MarkupLineInterpolated(
                $"  restored: {part.Part}, {part.Times} times, last at {part.LastAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z");
        foreach (var (name, times, at, error) in daemon.Failures)
            console.MarkupLineInterpolated(
                $"  failed: {name}, {times} times, last at {at.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z with {error}");
        if (daemon.LogLinesDropped > 0)
            console.MarkupLineInterpolated($"  {daemon.LogLinesDropped} lines of the log were dropped");
        WriteServices(console, status);
        WriteServers(console, status);
        HealthText.Write(console, status.Health);
        AgentText.Write(console, status.Agents);
        WriteConflicts(console, status);
        WriteOverrides(console, status);
        WriteDecisions(console, status);
    }

    /// <summary>Writes what a status has about some services and servers.</summary>
    /// <param name="status">The status.</param>
    /// <param name="services">Names of the services.</param>
    /// <param name="servers">Pools and names of the servers.</param>
    /// <param name="output">Receives the tables; those without a row are left out.</param>
    internal static void WriteParts(DirectorStatus status, IReadOnlySet<string> services,
        IReadOnlySet<(string Pool, string Server)> servers, TextWriter output)
    {
        var console = TextConsole.On(output);
        var part = status with
        {
            Services = [.. status.Services.Where(s => services.Contains(s.Name))],
            Pools = [.. status.Pools.Select(p => p with
                {
                    Servers = [.. p.Servers.Where(s => servers.Contains((p.Name, s.Name)))],
                }).Where(static p => !p.Servers.IsEmpty)],
            Overrides = [.. status.Overrides.Where(o => servers.Contains((o.Pool, o.Server)))],
        };
        if (!part.Services.IsEmpty)
            WriteServices(console, part);
        if (!part.Pools.IsEmpty)
            WriteServers(console, part);
        WriteOverrides(console, part);
    }

    private static void WriteServices(IAnsiConsole console, DirectorStatus status)
    {
        var services = new ReportTable(["service", "matches", "pool", "encap"], "packets", "bytes");
        foreach (var s in status.Services)
            services.AddRow(s.HasServers ? s.Name : $"{s.Name} (no server)", Shortened(s.Matches), s.Pool, s.Encap,
                Number(s.Packets), Number(s.Bytes));
        services.Write(console);
    }

    private static void WriteServers(IAnsiConsole console, DirectorStatus status)
    {
        var health = (status.Health?.Servers ?? []).DistinctBy(static s => (s.Pool, s.Encap, s.OfService, s.Name))
            .ToDictionary(static s => (s.Pool, s.Encap, s.OfService, s.Name));
        var pools = status.Pools.CountBy(static p => (p.Name, p.Encap)).ToDictionary();
        var servers = new ReportTable(["real server", "pool", "address", "state", "DSR path", "service"],
            "weight", "slots", "flows", "packets", "bytes");
        foreach (var (pool, s) in status.Pools.SelectMany(static p => p.Servers.Select(s => (p, s))))
        {
            var ofServer = health.GetValueOrDefault((pool.Name, pool.Encap, pool.Service, s.Name));
            var service = pools[(pool.Name, pool.Encap)] > 1 && pool.Service is not null ? $" for {pool.Service}" : "";
            servers.AddRow(s.Name, $"{pool.Name}/{pool.Encap}{service}", s.Address.ToString(), StateOf(s),
                CounterName.Of(ofServer?.DsrPath ?? HealthStatus.Unknown),
                CounterName.Of(ofServer?.Service ?? HealthStatus.Unknown),
                Number(s.Weight), Number(s.Slots), Number(s.Flows), Number(s.Packets), Number(s.Bytes));
        }
        servers.Write(console);
    }

    private static string StateOf(ServerStatus server) =>
        server is { State: ServerCondition.Draining, Weight: > 0 } ? "draining, fallback"
            : CounterName.Of(server.State);

    private static void WriteConflicts(IAnsiConsole console, DirectorStatus status)
    {
        if (status.AddressConflicts.IsEmpty)
            return;
        var conflicts = new ReportTable(["address conflict", "MAC address", "device", "host", "since", "last reply"],
            "replies");
        foreach (var c in status.AddressConflicts)
            conflicts.AddRow(c.Vip.ToString(), c.Mac, c.Device, c.Host is null ? c.Kind : $"{c.Kind} {c.Host}",
                Time(c.First), Time(c.Last), Number(c.Times));
        conflicts.Write(console);
    }

    private static void WriteOverrides(IAnsiConsole console, DirectorStatus status)
    {
        if (status.Overrides.IsEmpty)
            return;
        var overrides = new ReportTable(["override", "state", "weight", "since", "by", "reason"]);
        foreach (var o in status.Overrides)
        {
            overrides.AddRow($"{o.Pool}/{o.Server}" + (o.IsStale ? " (no such server)" : ""),
                o.State is { } state ? CounterName.Of(state) : "", o.Weight is { } weight ? Number(weight) : "",
                Time(o.Since), o.Author, o.Reason ?? "");
        }
        overrides.Write(console);
    }

    private static void WriteDecisions(IAnsiConsole console, DirectorStatus status)
    {
        string[] always = [CounterName.Of(Decision.ArpReply), CounterName.Of(Decision.EchoReply)];
        var decisions = new ReportTable(["decision"], "packets", "bytes");
        foreach (var (decision, counter) in status.Responses.Where(r => r.Value.Packets > 0 || always.Contains(r.Key)))
            decisions.AddRow(decision, Number(counter.Packets), Number(counter.Bytes));
        foreach (var (reason, counter) in status.Drops.Where(static d => d.Value.Packets > 0))
            decisions.AddRow($"drop {reason}", Number(counter.Packets), Number(counter.Bytes));
        decisions.Write(console);
        if (status.Evicted.Flows > 0)
            console.WriteLine(
                $"{Number(status.Evicted.Flows)} tracked flows were evicted: raise group.flowTableSize");
        if (status.Evicted.Fragments > 0)
            console.WriteLine($"{Number(status.Evicted.Fragments)} tracked fragmented datagrams were evicted");
        foreach (var worker in status.Workers.Where(static w => w.RxDropped + w.TxDropped > 0))
            console.WriteLine(
                $"{worker.Name}: {Number(worker.RxDropped)} received frames were dropped, and "
                + $"{Number(worker.TxDropped)} frames could not be sent");
    }

    private static string Sentence(DirectorStatus status)
    {
        var interfaces = status.Interfaces.IsEmpty
            ? "attached to no interface"
            : "on " + string.Join(", ", status.Interfaces.Select(static i =>
                $"{i.Name} ({CounterName.Of(i.Driver)}{CopiesOf(i)})"));
        var tables = status.AppliedAt is { } time
            ? string.Create(CultureInfo.InvariantCulture, $"tables {status.Revision} of {Time(time)}") : "no tables";
        return $"{interfaces}; {tables}; {Daemon(status)}";
    }

    private static string Daemon(DirectorStatus status) => status.Daemon switch
    {
        { Running: true, ProcessId: null } => "daemon starting",
        { Running: true } daemon => string.Create(CultureInfo.InvariantCulture,
            $"daemon {(daemon.Starting ? "starting" : "running")} (pid {daemon.ProcessId})"),
        _ when status.IsAttached => "daemon not running, the kernel still forwards",
        _ => "daemon not running, nothing is forwarded",
    };

    private static string Time(DateTimeOffset time) =>
        time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Number<T>(T value) where T : IFormattable =>
        value.ToString(null, CultureInfo.InvariantCulture);

    /// <summary>The first of several; the JSON form has all.</summary>
    private static string Shortened(IReadOnlyList<string> matches) =>
        matches.Count <= 2 ? string.Join(", ", matches) : $"{matches[0]}, and {Number(matches.Count - 1)} more";

    private static string CopiesOf(InterfaceStatus attached) => attached.ZeroCopy switch
    {
        true => ", zero copy",
        false => ", copies",
        null => "",
    };
}

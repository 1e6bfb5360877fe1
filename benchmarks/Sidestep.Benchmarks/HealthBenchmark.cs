using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Status;
using Sidestep.Benchmarks.Veth;
using Sidestep.Model;

namespace Sidestep.Benchmarks;

/// <summary>Measures a real daemon with 10,000 TCP checks along the real probe path, against listeners in another
/// namespace: the delay of probes, their cost, and the time from a verdict to the tables.</summary>
internal static class HealthBenchmark
{
    private const int Pools = 25, ServersOfPool = 25, VipsOfPool = 16, FailedPools = 8;

    /// <summary>More than a daemon needs until all servers are healthy.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    /// <summary>The daemon's figures cover half minutes: after this time, one has passed since all servers became
    /// healthy.</summary>
    private static readonly TimeSpan SteadyTime = TimeSpan.FromSeconds(62);

    private static readonly TimeSpan FailTimeout = TimeSpan.FromSeconds(40);

    internal static HealthResult Run(double interval)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"ssb-{Environment.ProcessId}");
        var director = new NodeSettings
        {
            Name = "bench",
            PinPath = $"/sys/fs/bpf/{id}",
            Interfaces = [],
        };
        var folder = Directory.CreateTempSubdirectory("sidestep-bench-").FullName;
        Process? listener = null, daemon = null;
        try
        {
            Network(id);
            listener = Start(id + "-s", Environment.ProcessPath!, "listen");
            var file = Path.Combine(folder, "sidestep.yaml");
            File.WriteAllText(file, Configuration(director, interval));
            var begin = Stopwatch.StartNew();
            daemon = Start(id
                + "-d", Path.Combine(AppContext.BaseDirectory, "../../Sidestep.Daemon/release/sidestepd"), "--config",
                file);
            Until(() =>
                Health(director) is { } r && r.Servers.Length == Pools * ServersOfPool
                && r.Servers.All(static s => s.Healthy), StartTimeout, daemon, "not all servers became healthy");
            var timeToHealthy = begin.Elapsed;

            var (busy, probes, watch) = (daemon.TotalProcessorTime, Health(director)!.Probes.Started,
                Stopwatch.StartNew());
            Thread.Sleep(SteadyTime);
            daemon.Refresh();
            var steady = Health(director)!;
            var cpu = (daemon.TotalProcessorTime - busy) / watch.Elapsed;
            var rate = (steady.Probes.Started - probes) / watch.Elapsed.TotalSeconds;
            var unhealthy = steady.Servers.Count(static s => !s.Healthy);

            for (var pool = 0; pool < FailedPools; pool++)
                Ip("-n", id + "-s", "route", "del", "local", VipNetwork(pool), "dev", "lo");
            Until(() =>
                Health(director)!.Servers.Count(static s => !s.Healthy) == FailedPools * ServersOfPool,
                FailTimeout, daemon, "not all failed servers were found");
            Thread.Sleep(TimeSpan.FromSeconds(7));
            var after = Health(director)!.Probes;
            return new HealthResult(steady.Probes.Checks, interval, Math.Round(timeToHealthy.TotalSeconds, 1),
                Math.Round(rate, 1), steady.Probes.Late, steady.Probes.Skipped,
                Math.Round(cpu, 3), unhealthy, FailedPools * ServersOfPool, after.Removal, steady.Probes.Admission);
        }
        finally
        {
            foreach (var process in new[] { daemon, listener }.OfType<Process>())
            {
                if (!process.HasExited)
                    process.Kill(entireProcessTree: true);
                process.WaitForExit();
                process.Dispose();
            }
            Ip("netns", "del", id + "-d");
            Ip("netns", "del", id + "-s");
            Directory.Delete(folder, recursive: true);
            if (Directory.Exists(director.PinPath))
                Directory.Delete(director.PinPath, recursive: true);
            foreach (var report in Directory.GetFiles("/run/sidestep", $"*{id}*"))
                File.Delete(report);
        }
    }

    /// <summary>The health that the daemon reports; null: it does not answer yet.</summary>
    private static HealthReport? Health(NodeSettings director)
    {
        using var client = DirectorClient.OnThisMachine(DirectorFiles.SocketPath(director));
        try
        {
            return client.GetStatusAsync(CancellationToken.None).GetAwaiter().GetResult().Health;
        }
        catch (DirectorException e) when (e.HasNoListener)
        {
            return null;
        }
    }

    /// <summary>Accepts connections and closes them, until its input ends because its parent has ended.</summary>
    internal static int Listen()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 80));
        socket.Listen(4096);
        var accepting = new Thread(() =>
        {
            while (true)
            {
                try
                {
                    socket.Accept().Dispose();
                }
                catch (SocketException)
                {
                    // the probe ended before the connection was accepted
                }
            }
        })
        { IsBackground = true };
        accepting.Start();
        while (Console.In.Read() >= 0)
        {
            // until the process ends
        }
        return 0;
    }

    private static void Network(string id)
    {
        var (director, servers) = (id + "-d", id + "-s");
        Ip("netns", "add", director);
        Ip("netns", "add", servers);
        Ip("link", "add", "eth0", "netns", director, "type", "veth", "peer", "name", "eth0", "netns", servers);
        foreach (var (node, address) in new[] { (director, "10.77.255.1/16"), (servers, "10.77.255.2/16") })
        {
            Run("ip", "netns", "exec", node, "sysctl", "-q", "-w", "net.ipv4.conf.all.rp_filter=0",
                "net.ipv4.conf.default.rp_filter=0");
            Run("ip", "netns", "exec", node, "ethtool", "-K", "eth0", "tx", "off");
            Ip("-n", node, "link", "set", "lo", "up");
            Ip("-n", node, "address", "add", address, "dev", "eth0");
            Ip("-n", node, "link", "set", "eth0", "up");
            Run("ip", "netns", "exec", node, "sysctl", "-q", "-w", "net.ipv4.conf.eth0.rp_filter=0");
        }
        // All these addresses are local to the servers, so they answer ARP for them.
        Ip("-n", servers, "route", "add", "local", "10.77.0.0/22", "dev", "lo");
        for (var pool = 0; pool < Pools; pool++)
            Ip("-n", servers, "route", "add", "local", VipNetwork(pool), "dev", "lo");
    }

    private static string VipNetwork(int pool) => string.Create(CultureInfo.InvariantCulture, $"198.18.{pool}.0/28");

    private static string Configuration(NodeSettings director, double interval)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $$"""
            node: { name: {{director.Name}}, pinPath: {{director.PinPath}}, onExit: remove,
               interfaces: [{ name: eth0, driver: generic }] }
            group: { hashKey: 6a09e667f3bcc908bb67ae8584caa73b }
            networkProfiles: [{ name: l2, dsrType: l2 }]
            healthMonitors: [{ name: connect, type: tcp, interval: {{interval}}, timeout: 1 }]
            pools:

            """));
        for (var pool = 0; pool < Pools; pool++)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"  - name: pool{pool}\n    slots: 4093\n    monitors: [connect]\n    servers:\n");
            for (var server = 0; server < ServersOfPool; server++)
            {
                var number = pool * ServersOfPool + server + 1;
                text.Append(CultureInfo.InvariantCulture,
                    $"      - {{ name: s{number}, address: 10.77.{number >> 8}.{number & 255} }}\n");
            }
        }
        text.Append("virtualServices:\n");
        for (var pool = 0; pool < Pools; pool++)
        {
            var vips = string.Join(", ", Enumerable.Range(0, VipsOfPool)
                .Select(v => string.Create(CultureInfo.InvariantCulture, $"198.18.{pool}.{v}")));
            text.Append(CultureInfo.InvariantCulture,
                $"  - {{ name: service{pool}, vips: [{vips}], protocol: tcp, port: 80, pool: pool{pool}, "
                    + $"networkProfile: l2 }}\n");
        }
        return text.ToString();
    }

    private static void Until(Func<bool> condition, TimeSpan timeout, Process daemon, string otherwise)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (daemon.HasExited)
                throw new BenchmarkException("sidestepd ended");
            if (watch.Elapsed > timeout)
                throw new BenchmarkException($"{otherwise} within {timeout.TotalSeconds:0} s");
            Thread.Sleep(200);
        }
    }

    private static Process Start(string place, params string[] command)
    {
        // `ip netns exec` would mount a /sys of its own without the pinned objects. nsenter is replaced by the program.
        var start = new ProcessStartInfo("nsenter") { RedirectStandardInput = true, RedirectStandardError = true };
        foreach (var word in (string[])[$"--net=/run/netns/{place}", "--", .. command])
            start.ArgumentList.Add(word);
        var process = Process.Start(start)!;
        process.ErrorDataReceived += static (_, line) =>
        {
            if (line.Data?.Contains(" error: ", StringComparison.Ordinal) == true)
                Console.Error.WriteLine(line.Data);
        };
        process.BeginErrorReadLine();
        return process;
    }

    private static void Ip(params string[] arguments) => Run(["ip", .. arguments]);

    private static void Run(params string[] command)
    {
        // Its output is not part of the result.
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true };
        foreach (var word in command[1..])
            start.ArgumentList.Add(word);
        using var process = Process.Start(start)!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
    }
}

/// <summary>The results. Times of distributions are milliseconds.</summary>
/// <param name="Checks">Number of checks; each opens a TCP connection periodically.</param>
/// <param name="Interval">Seconds between two probes of one check.</param>
/// <param name="SecondsToHealthy">Seconds from the daemon's start until all servers were healthy.</param>
/// <param name="ProbesPerSecond">Average rate of probes.</param>
/// <param name="Late">Delay of the start of probes.</param>
/// <param name="Skipped">Probes that the daemon skipped because it was late.</param>
/// <param name="CpuShare">Share of one CPU that the daemon used, including the kernel's work for its sockets.</param>
/// <param name="UnhealthyInSteadyState">Servers that the daemon marked down although they were healthy.</param>
/// <param name="Failed">Servers whose VIPs the benchmark removed.</param>
/// <param name="Removal">Time from the verdict to tables without the servers.</param>
/// <param name="Admission">Time from the verdict to tables with the servers, at the start.</param>
internal sealed record HealthResult(
    int Checks, double Interval, double SecondsToHealthy, double ProbesPerSecond, DurationStats Late, long Skipped,
        double CpuShare, int UnhealthyInSteadyState, int Failed,
    DurationStats Removal, DurationStats Admission)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    internal void WriteJson(MachineInfo machine) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(new { machine, health = this }, Options));

    internal void WriteText(MachineInfo machine)
    {
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Checks} TCP checks every {Interval} s: {ProbesPerSecond:0} probes per second, {CpuShare:0.00} of a CPU; "
                + $"all servers healthy after {SecondsToHealthy} s"));
        Line("delay of probes", Late);
        Line($"from verdict to tables, {Failed} failed servers", Removal);
        Line("from verdict to tables, admitted servers", Admission);
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Skipped} probes skipped, {UnhealthyInSteadyState} healthy servers marked down. Load of the "
                + $"{machine.Cpus} CPUs: {machine.LoadBefore:0.0} before, {machine.LoadAfter:0.0} after."));
    }

    private static void Line(string what, DurationStats figures) =>
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{what}: median {figures.Median:0.0} ms, 99 of 100 {figures.P99:0.0} ms, longest {figures.Longest:0.0} ms "
            + $"({figures.Count})"));
}

using System.Globalization;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Traffic;

/// <summary>The lab's end of the traffic process in the client's namespace.</summary>
internal sealed class TrafficProcess : IDisposable
{
    private readonly PipedProcess _process;

    private TrafficProcess(PipedProcess process, TrafficLog log)
    {
        _process = process;
        Log = log;
    }

    public TrafficLog Log { get; }

    /// <summary>Completes when all requests are finished; fails when the process ends with an error.</summary>
    public Task Ended => _process.Ended;

    /// <param name="requests">Number of requests; 0: no limit.</param>
    public static TrafficProcess StartHttp(LabRun run, int requests, int concurrency, double rate, bool upload = false)
        => Start(run, "http",
            ["--requests", Text(requests), "--concurrency", Text(concurrency), "--rate", Text(rate), .. upload
            ? ["--upload"] : Array.Empty<string>()]);

    public static TrafficProcess StartUdp(LabRun run, int datagrams) =>
        Start(run, "udp", ["--datagrams", Text(datagrams)]);

    public Task SetRateAsync(double rate) => _process.SendLineAsync($"rate {Text(rate)}");

    public void Dispose() => _process.Dispose();

    private static TrafficProcess Start(LabRun run, string kind, IReadOnlyList<string> arguments)
    {
        var topology = run.Topology;
        var sources = AssignmentProbe.Sources(topology);
        string[] command =
        [
            LabPaths.Lab, "traffic", kind, .. topology.Vips.SelectMany(v => (string[])["--vip", v]),
            .. sources.SelectMany(s => (string[])["--source", s]), .. arguments,
        ];
        var log = new TrafficLog();
        var process = PipedProcess.Start(run, topology.Clients.Node, $"traffic-{kind}", command, line =>
            log.Add(RequestResult.Parse(line)));
        return new TrafficProcess(process, log);
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}

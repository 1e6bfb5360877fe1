using System.Globalization;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Traffic;

/// <summary>The lab's end of the traffic process in the client's namespace.</summary>
internal sealed class TrafficProcess : IDisposable
{
    private readonly NamespaceProcess _process;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TrafficProcess(NamespaceProcess process, TrafficLog log)
    {
        _process = process;
        Log = log;
    }

    public TrafficLog Log { get; }

    /// <summary>Completes when all requests are finished; fails when the process ends with an error.</summary>
    public Task Ended => _ended.Task;

    /// <param name="requests">0 for no end.</param>
    public static TrafficProcess StartHttp(LabRun run, int requests, int concurrency, double rate, bool upload = false)
        => Start(run, "http", ["--requests", Text(requests), "--concurrency", Text(concurrency), "--rate", Text(rate), .. upload ? ["--upload"] : Array.Empty<string>()]);

    public static TrafficProcess StartUdp(LabRun run, int datagrams) => Start(run, "udp", ["--datagrams", Text(datagrams)]);

    public Task SetRateAsync(double rate) => TellAsync($"rate {Text(rate)}");

    public void Dispose() => _process.Dispose();

    private static TrafficProcess Start(LabRun run, string kind, IReadOnlyList<string> arguments)
    {
        var topology = run.Topology;
        var sources = ServerMap.Sources(topology);
        string[] command = [Places.Lab, "traffic", kind, "--vip", topology.Vip, .. sources.SelectMany(s => (string[])["--source", s]), .. arguments];
        var process = run.Launch(topology.Clients.Node, $"traffic-{kind}", command, piped: true);
        var traffic = new TrafficProcess(process, new TrafficLog());
        _ = traffic.ReadAsync();
        return traffic;
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _process.Process.StandardOutput.ReadLineAsync() is { } line)
                Log.Add(RequestResult.Parse(line));
            await _process.Process.WaitForExitAsync();
            if (_process.Process.ExitCode != 0)
                throw new LabException($"The traffic process ended with {_process.Process.ExitCode}: {NamespaceProcess.Tail(_process.Log, 20)}");
            _ended.SetResult();
        }
        catch (Exception e)
        {
            // Whoever waits for the end of the traffic gets it.
            _ended.SetException(e);
        }
    }

    private async Task TellAsync(string line)
    {
        try
        {
            await _process.Process.StandardInput.WriteLineAsync(line);
            await _process.Process.StandardInput.FlushAsync();
        }
        catch (IOException e)
        {
            throw new LabException($"The traffic process takes no more commands ('{line}'): {NamespaceProcess.Tail(_process.Log)}", e);
        }
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}

using System.Globalization;
using System.Text.Json;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Topologies;
using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Streams;

/// <summary>The lab's end of the process that sends numbered datagrams.</summary>
internal sealed class StreamProcess : IDisposable
{
    private static readonly TimeSpan Timeout = ScaledTimeout.Seconds(30);

    private readonly PipedProcess _process;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _sent;

    private StreamProcess(LabRun run, string name, StreamTraffic plan, IEnumerable<string> services, int firstSender)
    {
        string[] command =
        [
            LabPaths.Lab, "stream",
            "--senders", plan.Senders.ToString(CultureInfo.InvariantCulture), "--rate",
                plan.Rate.ToString(CultureInfo.InvariantCulture),
            "--first-sender", firstSender.ToString(CultureInfo.InvariantCulture),
            .. services.SelectMany(s => (string[])["--service", s]),
            .. AssignmentProbe.Sources(run.Topology).SelectMany(s => (string[])["--source", s]),
        ];
        _process = PipedProcess.Start(run, run.Topology.Clients.Node, name, command, OnLine);
    }

    /// <param name="name">Name of the process.</param>
    /// <param name="services">ADDRESS:PORT of each service.</param>
    /// <param name="firstSender">Number of the first sender; numbers of senders are unique within a run.</param>
    public static StreamProcess Start(LabRun run, string name, StreamTraffic plan, IEnumerable<string> services,
        int firstSender = 0)
        => new(run, name, plan, services, firstSender);

    /// <summary>Waits until it sends: on a busy machine, its start takes seconds.</summary>
    public Task BegunAsync(CancellationToken cancel) => _begun.Task.WaitAsync(Timeout, cancel);

    /// <returns>For each sender, when it sent each of its datagrams: milliseconds since 1970.</returns>
    public async Task<IReadOnlyList<IReadOnlyList<long>>> StopAsync(CancellationToken cancel)
    {
        await _process.SendLineAsync("stop");
        await _process.Ended.WaitAsync(Timeout, cancel);
        return _sent is { } text
            ? JsonSerializer.Deserialize<long[][]>(text)!
            : throw new LabException("The stream process did not report what it sent.");
    }

    public void Dispose() => _process.Dispose();

    private void OnLine(string line)
    {
        if (line == StreamWire.Begun)
            _begun.TrySetResult();
        else
            _sent = line;
    }
}

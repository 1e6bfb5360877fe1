using System.Net;
using Sidestep.Lab.Network;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Captures;

/// <summary>A capture that is counted while it runs, and not stored: the live view may run for days.</summary>
internal sealed class LiveCapture : IAsyncDisposable
{
    private readonly NamespaceProcess _process;
    private readonly Task _counting;

    private LiveCapture(NamespaceProcess process, FrameCounter counts)
    {
        _process = process;
        Counts = counts;
        _counting = Task.Run(() =>
        {
            using var reader = new PcapReader(process.Process.StandardOutput.BaseStream);
            counts.AddAll(reader);
        });
    }

    public FrameCounter Counts { get; }

    /// <param name="at">The interface to capture at.</param>
    /// <param name="node">The end of the cable that defines the direction of frames.</param>
    public static async Task<LiveCapture> StartAsync(LabRun run, string name, LinkEnd at, LinkEnd node,
        CancellationToken cancel)
    {
        var link = await LinkState.ReadAsync(run.Folder, node, cancel);
        var process = run.Launch(at.Node, $"watch-{name}", Capture.Command(at.Interface, "-"), piped: true);
        return new LiveCapture(process,
            new FrameCounter(run.Topology.Vips.Select(IPAddress.Parse), link.MacAddress,
                run.Topology.DirectorAddresses));
    }

    public async ValueTask DisposeAsync()
    {
        await ProcessSignals.EndAsync([_process.Identity]);
        await _counting;
        _process.Dispose();
    }
}

using System.Globalization;
using System.Text.RegularExpressions;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Captures;

/// <summary>A tcpdump process that writes the frames of an interface into a file.</summary>
internal sealed partial class Capture(string path, NamespaceProcess process)
{
    // Enough for Ethernet with two tags, an outer IPv6 header, UDP, GUE, and an inner IPv6 header.
    public const int SnapLength = 142;

    private static readonly TimeSpan Timeout = ScaledTimeout.Seconds(30);

    /// <summary>Frames that the kernel counted before the filter was in force, and discarded.</summary>
    private int _unfilteredFrames;

    public string Path { get; } = path;

    /// <summary>
    /// The command line of every capture. Without immediate mode the kernel delivers frames in blocks, and the last
    /// block is lost when tcpdump ends. Without -Z tcpdump would drop the privilege to write into the run's folder.
    /// </summary>
    public static IReadOnlyList<string> Command(string device, string output)
        => ["tcpdump", "-n", "-p", "-i", device, "-s", $"{SnapLength}", "-B", "16384", "--immediate-mode", "-U", "-Z",
            "root", "-w", output, "ip or ip6 or vlan"];

    /// <summary>Returns when the capture is complete: it may miss earlier frames, but no later ones.</summary>
    public async Task WaitUntilStartedAsync(CancellationToken cancel)
    {
        await Wait.UntilAsync(
            () => File.ReadAllText(process.Log).Contains("listening on", StringComparison.Ordinal),
            Timeout,
            () => $"tcpdump did not start: {NamespaceProcess.Tail(process.Log)}",
            cancel);
        await RequestStatisticsAsync(cancel);
        _unfilteredFrames = Statistics().LastOrDefault().Unread;
    }

    /// <summary>Ends the capture when no more frames arrive and tcpdump has read all of them.</summary>
    /// <returns>A description of what the capture missed, or null.</returns>
    public async Task<string?> StopAsync(CancellationToken cancel)
    {
        await WaitUntilIdleAsync(cancel);
        var unread = await CountUnreadAsync(cancel);
        await ProcessSignals.SendAsync("INT", [process.Identity]);
        await Wait.UntilAsync(() =>
            !process.Identity.IsAlive(), Timeout, () => $"tcpdump does not end (log: {process.Log})", cancel);
        if (Statistics() is not [.., var last])
            return $"tcpdump did not report how many frames it missed: {NamespaceProcess.Tail(process.Log)}";
        var missed = last.Dropped + unread;
        return missed == 0
            ? null : $"the capture {System.IO.Path.GetFileName(Path)} missed {missed} frames, so its counts are "
                + "useless";
    }

    /// <summary>
    /// Waits until tcpdump has read all frames. When tcpdump ends, unread frames stay in the kernel, and it does not
    /// report them as dropped. On a busy machine it may be far behind. Frames that arrive later, such as probes, do not
    /// matter.
    /// </summary>
    /// <returns>How many frames it has still not read.</returns>
    private async Task<int> CountUnreadAsync(CancellationToken cancel)
    {
        const int maxAttempts = 20;
        var unread = 0;
        for (var attempt = 0; attempt < maxAttempts; attempt++)
        {
            await RequestStatisticsAsync(cancel);
            unread = Statistics().LastOrDefault().Unread - _unfilteredFrames;
            if (unread <= 0)
                return 0;
        }
        return unread;
    }

    /// <summary>Makes tcpdump print its statistics.</summary>
    private async Task RequestStatisticsAsync(CancellationToken cancel)
    {
        var before = Statistics().Count;
        await ProcessSignals.SendAsync("USR1", [process.Identity]);
        await Wait.TryUntilAsync(() => Statistics().Count > before, Timeout, cancel);
    }

    /// <summary>All statistics that tcpdump has printed.</summary>
    private List<CaptureStatistics> Statistics()
        => [.. StatisticsPattern().Matches(File.ReadAllText(process.Log))
            .Select(m => new CaptureStatistics(Number(m, 1), Number(m, 2), Number(m, 3)))];

    private static int Number(Match match, int group) =>
        int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    /// <param name="Captured">Frames that are in the file.</param>
    /// <param name="Received">Frames that reached the interface, including dropped ones.</param>
    /// <param name="Dropped">Frames that the kernel dropped because its buffer was full.</param>
    private readonly record struct CaptureStatistics(int Captured, int Received, int Dropped)
    {
        public int Unread => Received - Captured - Dropped;
    }

    /// <summary>Waits until the file stops growing: closing connections still send frames after the last
    /// request.</summary>
    public async Task WaitUntilIdleAsync(CancellationToken cancel)
    {
        const int quietPolls = 15;
        long length = -1;
        var quiet = 0;
        await Wait.TryUntilAsync(
            () =>
            {
                var now = new FileInfo(Path).Length;
                quiet = now == length ? quiet + 1 : 0;
                length = now;
                return quiet >= quietPolls;
            },
            Timeout,
            cancel);
    }

    [GeneratedRegex(
        @"(\d+) packets? captured[\n, ]+(\d+) packets? received by filter[\n, ]+(\d+) packets? dropped by kernel")]
    private static partial Regex StatisticsPattern();
}

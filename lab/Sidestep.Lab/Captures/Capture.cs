using System.Globalization;
using System.Text.RegularExpressions;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Captures;

/// <summary>A tcpdump that writes what passes an interface into a file.</summary>
internal sealed partial class Capture(string path, NamespaceProcess process)
{
    // Enough for Ethernet with two tags, an outer IPv6 header, UDP, GUE, and an inner IPv6 header.
    public const int SnapLength = 142;

    private static readonly TimeSpan Timeout = ScaledTimeout.Seconds(30);

    /// <summary>Frames that the kernel took before the filter was in force, and that were thrown away.</summary>
    private int _unfilteredFrames;

    public string Path { get; } = path;

    /// <summary>
    /// The arguments that every capture of the lab has. Immediate mode, because otherwise the kernel hands frames over
    /// in blocks and the last block is lost when tcpdump is told to end; -Z because it would else give up the right to
    /// write into the run's folder.
    /// </summary>
    public static IReadOnlyList<string> Command(string device, string output)
        => ["tcpdump", "-n", "-p", "-i", device, "-s", $"{SnapLength}", "-B", "16384", "--immediate-mode", "-U", "-Z", "root", "-w", output, "ip or ip6 or vlan"];

    /// <summary>Frames before this returns may be missing, frames after it are not.</summary>
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

    /// <summary>Ends the capture once nothing more arrives and tcpdump has read all that did.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public async Task<string?> StopAsync(CancellationToken cancel)
    {
        await WaitUntilIdleAsync(cancel);
        var unread = await CountUnreadAsync(cancel);
        await ProcessSignals.SendAsync("INT", [process.Identity]);
        await Wait.UntilAsync(() => !process.Identity.IsAlive(), Timeout, () => $"tcpdump does not end (log: {process.Log})", cancel);
        if (Statistics() is not [.., var last])
            return $"tcpdump did not say how many frames it missed: {NamespaceProcess.Tail(process.Log)}";
        var missed = last.Dropped + unread;
        return missed == 0 ? null : $"the capture {System.IO.Path.GetFileName(Path)} missed {missed} frames, so its counts prove nothing";
    }

    /// <summary>
    /// Waits until tcpdump has read what there was: when it is told to end, the rest stays in the kernel, and it does not call
    /// that dropped. Where other work takes the machine it may be far behind. What comes after that (probes go on) is nobody's.
    /// </summary>
    /// <returns>How many frames it has not read even so.</returns>
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

    /// <summary>Has tcpdump say how far it is.</summary>
    private async Task RequestStatisticsAsync(CancellationToken cancel)
    {
        var before = Statistics().Count;
        await ProcessSignals.SendAsync("USR1", [process.Identity]);
        await Wait.TryUntilAsync(() => Statistics().Count > before, Timeout, cancel);
    }

    /// <summary>Each time that tcpdump said how far it is.</summary>
    private List<CaptureStatistics> Statistics()
        => [.. StatisticsPattern().Matches(File.ReadAllText(process.Log)).Select(m => new CaptureStatistics(Number(m, 1), Number(m, 2), Number(m, 3)))];

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    /// <param name="Captured">Frames that are in the file.</param>
    /// <param name="Received">Frames that reached the interface, those included that found no room.</param>
    /// <param name="Dropped">Frames that found no room.</param>
    private readonly record struct CaptureStatistics(int Captured, int Received, int Dropped)
    {
        public int Unread => Received - Captured - Dropped;
    }

    /// <summary>The file stops growing: connections that are being closed still send frames after the last request.</summary>
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

    [GeneratedRegex(@"(\d+) packets? captured[\n, ]+(\d+) packets? received by filter[\n, ]+(\d+) packets? dropped by kernel")]
    private static partial Regex StatisticsPattern();
}

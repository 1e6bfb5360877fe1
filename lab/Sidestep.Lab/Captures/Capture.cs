using System.Globalization;
using System.Text.RegularExpressions;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Captures;

/// <summary>A tcpdump that writes what passes an interface into a file.</summary>
internal sealed partial class Capture(string path, NamespaceProcess process)
{
    // Enough for Ethernet with two tags, an outer IPv6 header, UDP, GUE, and an inner IPv6 header.
    public const int SnapLength = 142;

    private static readonly TimeSpan Limit = Patience.Seconds(10);

    public string Path { get; } = path;

    /// <summary>
    /// The arguments that every capture of the lab has. Immediate mode, because otherwise the kernel hands frames over
    /// in blocks and the last block is lost when tcpdump is told to end; -Z because it would else give up the right to
    /// write into the run's folder.
    /// </summary>
    public static IReadOnlyList<string> Command(string device, string output)
        => ["tcpdump", "-n", "-p", "-i", device, "-s", $"{SnapLength}", "-B", "16384", "--immediate-mode", "-U", "-Z", "root", "-w", output, "ip or ip6 or vlan"];

    /// <summary>Frames before this returns may be missing, frames after it are not.</summary>
    public async Task StartedAsync(CancellationToken cancel)
        => await Wait.UntilAsync(
            () => File.ReadAllText(process.Log).Contains("listening on", StringComparison.Ordinal),
            Limit,
            () => $"tcpdump did not start: {NamespaceProcess.Tail(process.Log)}",
            cancel);

    /// <summary>Ends the capture once nothing more arrives.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public async Task<string?> StopAsync(CancellationToken cancel)
    {
        await SettledAsync(cancel);
        await Signals.SendAsync("INT", [process.Identity]);
        await Wait.UntilAsync(() => !process.Identity.IsAlive(), Limit, () => $"tcpdump does not end (log: {process.Log})", cancel);
        var dropped = Dropped().Match(await File.ReadAllTextAsync(process.Log, cancel));
        if (!dropped.Success)
            return $"tcpdump did not say how many frames it missed: {NamespaceProcess.Tail(process.Log)}";
        var missed = int.Parse(dropped.Groups[1].Value, CultureInfo.InvariantCulture);
        return missed == 0 ? null : $"the capture {System.IO.Path.GetFileName(Path)} missed {missed} frames, so its counts prove nothing";
    }

    /// <summary>The file stops growing: connections that are being closed still send frames after the last request.</summary>
    public async Task SettledAsync(CancellationToken cancel)
    {
        const int quietLooks = 15;
        long length = -1;
        var quiet = 0;
        await Wait.TryUntilAsync(
            () =>
            {
                var now = new FileInfo(Path).Length;
                quiet = now == length ? quiet + 1 : 0;
                length = now;
                return quiet >= quietLooks;
            },
            Limit,
            cancel);
    }

    [GeneratedRegex(@"^(\d+) packets? dropped by kernel", RegexOptions.Multiline)]
    private static partial Regex Dropped();
}

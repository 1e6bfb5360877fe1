using System.Globalization;
using System.Text.Json;

namespace Sidestep.SystemTests.Daemon;

/// <summary>Standard error that takes no lines costs lines of the log, and nothing else.</summary>
public sealed class LogOutputTests
{
    /// <summary>Errors of each invalid file. Five such files are more lines than wait (4,096).</summary>
    private const int Errors = 1000;

    /// <summary>A shell that opens standard error and becomes the daemon. The pipe is full from the start, and stays
    /// open at both ends without a reader.</summary>
    private static readonly Dictionary<string, string> Outputs = new()
    {
        ["full device"] = "exec \"$@\" 2>/dev/full",
        ["full pipe"] = "mkfifo \"$0\"; exec 3<>\"$0\"; head -c 65536 /dev/zero >&3; exec \"$@\" 2>&3",
    };

    public static TheoryData<string> Cases => [.. Outputs.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Daemon_that_cannot_log_forwards_and_takes_servers_out_and_counts_the_lines(string output)
    {
        using var segment = new Segment();
        segment.File = segment.File with
        {
            PoolLines = "monitors: [quick]",
            Monitors = ["name: quick, type: icmp, interval: 1, timeout: 1, fall: 2, rise: 1"],
        };
        using var daemon = segment.Launch("sh", "-c", Outputs[output], Path.Combine(segment.Lan.Folder, "log"));
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        Eventually.True(() => HealthyServers(segment) == 2, () => segment.Status().ToString());

        var valid = segment.File.ToString();
        var invalid = valid + string.Concat(Enumerable.Range(0, Errors).Select(static i =>
            string.Create(CultureInfo.InvariantCulture, $"unknown{i}: 1\n")));
        var edits = 0;
        Eventually.True(() =>
        {
            segment.WriteText(string.Create(CultureInfo.InvariantCulture, $"{invalid}# {edits++}\n"));
            // A full device has dropped earlier lines too.
            return Dropped(segment) > 0
                && segment.Status().GetProperty("daemon").GetProperty("errors").GetArrayLength() > 0;
        }, () => segment.Status().ToString());
        traffic.WaitUntilAllAnswered();

        segment.WriteText(valid + "# again\n");
        Eventually.True(() => segment.Status().GetProperty("daemon").GetProperty("errors").GetArrayLength() == 0,
            () => segment.Status().ToString());
        segment.Servers[1].Ip("link set eth0 down");
        Eventually.True(() => HealthyServers(segment) == 1, () => segment.Status().ToString());
        traffic.WaitForSent(100);
        Assert.DoesNotContain(traffic.Stop().TakeLast(50), static e => e.Server == 2);
        Assert.Equal("", daemon.CombinedOutput);
        Assert.Equal(0, daemon.Terminate());
    }

    private static int HealthyServers(Segment segment) =>
        segment.Status().GetProperty("health") is { ValueKind: JsonValueKind.Object } health
            ? health.GetProperty("servers").EnumerateArray().Count(static s => s.GetProperty("healthy").GetBoolean())
            : 0;

    private static long Dropped(Segment segment) =>
        segment.Status().GetProperty("daemon").GetProperty("logLinesDropped").GetInt64();
}

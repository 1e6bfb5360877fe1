using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Sidestep.SystemTests.Cli.Capture;

/// <summary><c>sidestep capture</c> beside a real director with real traffic; tshark reads the file.</summary>
public sealed partial class CaptureTests
{
    private const int UnusedPort = 9;
    private static readonly string Sidestep = Repository.Executable("Sidestep.Cli", "sidestep");
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    [Fact]
    public void Wireshark_reads_frames_of_both_directions_with_service_server_and_reason()
    {
        using var segment = new Segment();
        segment.File = segment.File with { GroupLines = ["onNoService: drop"] };
        segment.Start();
        using (var traffic = segment.Send())
            traffic.WaitUntilAllAnswered();
        var file = Path.Combine(segment.Lan.Folder, "capture.pcapng");
        using (var capture = new CaptureProcess(segment, "--write", file, "udp", "and", "host", Segment.ClientAddress))
        {
            Send(segment, EchoServer.Port, 20);
            Send(segment, UnusedPort, 3);
            // From another client: the filter excludes it.
            Send(segment, EchoServer.Port, 5, Segment.Sources[1]);
            WaitForFrames(segment, 28);
            Assert.Contains("23 frames captured", capture.Interrupt(), StringComparison.Ordinal);
        }

        var frames = ReadByTshark(file);
        var (client, director) = (Lan.MacOf(segment.Client, "eth0"), Lan.MacOf(segment.Director, "eth0"));
        Assert.Equal(43, frames.Length);
        Assert.All(frames, static f =>
            Assert.Equal((Segment.ClientAddress, Segment.Vip, "eth0"), (f.Source, f.Destination, f.Interface)));
        foreach (var pair in frames.Where(static f => f.Port == EchoServer.Port).GroupBy(static f => f.Number))
        {
            var (inward, outward) = (pair.Single(static f => f.Direction == TsharkFrame.In),
                pair.Single(static f => f.Direction == TsharkFrame.Out));
            Assert.Equal((client, director), (inward.MacSource, inward.MacDestination));
            var server = ServerPattern().Match(inward.Comment);
            Assert.Equal(
                $"frame {pair.Key} in; decision: forward; service: echo; server: {server.Groups[1]} "
                    + $"({server.Groups[2]})", inward.Comment);
            Assert.Equal(
                $"frame {pair.Key} out; decision: forward; service: echo; server: {server.Groups[1]} "
                    + $"({server.Groups[2]})", outward.Comment);
            // The comment names the server that the packet was sent to.
            var netns = segment.Servers[int.Parse(server.Groups[1].Value.AsSpan("server".Length),
                CultureInfo.InvariantCulture) - 1];
            Assert.Equal((director, Lan.MacOf(netns, "eth0")), (outward.MacSource, outward.MacDestination));
        }
        var dropped = frames.Where(static f => f.Port == UnusedPort).ToArray();
        Assert.Equal(3, dropped.Length);
        Assert.All(dropped, static f =>
            Assert.Equal((TsharkFrame.In, $"frame {f.Number} in; decision: drop; reason: no-service"),
                (f.Direction, f.Comment)));
        Assert.Contains("pcapng", Shell.Run("capinfos", file), StringComparison.Ordinal);
    }

    [Fact]
    public void The_terminal_shows_one_line_per_frame_and_the_capture_ends_at_its_count()
    {
        using var segment = new Segment(servers: 1);
        segment.Start();
        using (var traffic = segment.Send())
            traffic.WaitUntilAllAnswered();
        using var capture = new CaptureProcess(segment, "--count", "2", "service", "echo");
        Send(segment, EchoServer.Port, 10);
        Assert.Equal(0, capture.WaitForExit());
        var lines = capture.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Count(static l => LinePattern().IsMatch(l)));
    }

    [Fact]
    public void A_captured_flood_is_rate_limited_counted_and_forwarded_in_full()
    {
        const int Flood = 20_000, Rate = 200;
        using var segment = new Segment(servers: 1);
        segment.Start();
        using (var traffic = segment.Send())
            traffic.WaitUntilAllAnswered();
        var before = ForwardedPackets(segment);
        Send(segment, EchoServer.Port, Flood);
        WaitForFrames(segment, before + Flood);

        var file = Path.Combine(segment.Lan.Folder, "flood.pcapng");
        var clock = Stopwatch.StartNew();
        using var capture = new CaptureProcess(segment, "--write", file, "--rate", $"{Rate}", "port",
            $"{EchoServer.Port}");
        Send(segment, EchoServer.Port, Flood);
        WaitForFrames(segment, before + 2 * Flood);
        var output = capture.Interrupt();
        var seconds = clock.Elapsed.TotalSeconds;

        var captured = long.Parse(CapturedPattern().Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
        var missed = long.Parse(MissedPattern().Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.Equal(Flood, captured + missed);
        Assert.InRange(captured, 1, (long)(Rate * (seconds + 0.1)) + 1);
        Assert.Equal(captured, ReadByTshark(file).Count(static f => f.Direction == TsharkFrame.In));
    }

    [Fact]
    public void One_capture_runs_at_a_time_and_a_killed_one_expires()
    {
        using var segment = new Segment(servers: 1);
        segment.Start();
        using var first = new CaptureProcess(segment);
        var refused = Shell.Try(Command(segment));
        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("another 'sidestep capture' of this director is running", refused.Error,
            StringComparison.Ordinal);
        first.Kill();
        Eventually.True(() =>
            Shell.Try(Command(segment, "--duration", "0.1")).ExitCode == 0, () =>
            "the dead capture did not end", Timeout);
    }

    private static string[] Command(Segment segment, params string[] more) =>
        [Sidestep, "capture", "--name", segment.File.Name, "--pin-path", segment.File.PinPath, .. more];

    /// <summary>Sends at the client's full speed, with sockets of the kernel, so that the whole path is real.</summary>
    private static void Send(Segment segment, int port, int datagrams, string source = Segment.ClientAddress)
    {
        using var socket = segment.Client.Inside(() =>
        {
            var bound = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            bound.Bind(new IPEndPoint(IPAddress.Parse(source), 0));
            return bound;
        });
        var vip = new IPEndPoint(IPAddress.Parse(Segment.Vip), port);
        for (var i = 0; i < datagrams; i++)
            socket.SendTo(new byte[16], vip);
    }

    private static long ForwardedPackets(Segment segment)
    {
        var status = segment.Status();
        return status.GetProperty("services")[0].GetProperty("packets").GetInt64();
    }

    private static void WaitForFrames(Segment segment, long forwardedOrDropped)
    {
        long Count()
        {
            var status = segment.Status();
            return status.GetProperty("services")[0].GetProperty("packets").GetInt64()
                + status.GetProperty("drops").GetProperty("no-service").GetProperty("packets").GetInt64();
        }
        Eventually.True(() =>
            Count() >= forwardedOrDropped, () => $"{Count()} of {forwardedOrDropped} frames came", Timeout);
    }

    private static TsharkFrame[] ReadByTshark(string file)
    {
        string[] fields = ["frame.packet_id", "frame.comment", "frame.interface_name", "frame.packet_flags_direction",
            "eth.src", "eth.dst", "ip.src", "ip.dst", "udp.dstport"];
        var output = Shell.Run(["tshark", "-r", file, "-T", "fields", "-E", "separator=|",
            .. fields.SelectMany(static f => new[] { "-e", f })]);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static l => TsharkFrame.Parse(l.Split('|')))];
    }

    [GeneratedRegex(@"server: (server\d) \(([\d.]+)\)")]
    private static partial Regex ServerPattern();

    [GeneratedRegex(
        @"^\d\d:\d\d:\d\d\.\d{6} #\d (in |out) eth0  forward  echo -> server1  "
            + @"10\.9\.0\.100:\d+ > 203\.0\.113\.10:7 udp, \d+ bytes$")]
    private static partial Regex LinePattern();

    [GeneratedRegex(@"(\d+) frames captured")]
    private static partial Regex CapturedPattern();

    [GeneratedRegex(@"(\d+) more frames matched and were not captured")]
    private static partial Regex MissedPattern();

    private sealed record TsharkFrame(long Number, string Comment, string Interface, int Direction, string MacSource,
        string MacDestination, string Source, string Destination, int Port)
    {
        public const int In = 1, Out = 2;

        public static TsharkFrame Parse(string[] f) =>
            new(ParseNumber(f[0]), f[1], f[2], (int)ParseNumber(f[3]), f[4], f[5], f[6], f[7], (int)ParseNumber(f[8]));

        private static long ParseNumber(string text) => text.StartsWith("0x", StringComparison.Ordinal)
            ? long.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            : long.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>A running process of <c>sidestep capture</c>.</summary>
    private sealed class CaptureProcess : ChildProcess
    {
        // A shell that runs tests in the background ignores SIGINT, and the process would inherit that.
        public CaptureProcess(Segment segment, params string[] more)
            : base("sidestep capture", ["env", "--default-signal=INT", .. Command(segment, more)]) =>
                WaitFor("capturing");

        /// <summary>Ends it like Ctrl-C. Returns its standard error.</summary>
        public string Interrupt()
        {
            // The command reads the ring within this time.
            Thread.Sleep(300);
            Assert.Equal(0, Terminate("INT"));
            return Errors;
        }
    }
}

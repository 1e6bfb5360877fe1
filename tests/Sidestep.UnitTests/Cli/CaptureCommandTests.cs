using System.Net;
using System.Text.Json.Nodes;
using Sidestep.Api.Captures;
using Sidestep.Cli;
using Sidestep.Cli.Capture;
using Sidestep.Cli.Commands;
using Sidestep.Forwarding;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Cli;

/// <summary><c>sidestep capture</c> with frames from a session that needs no director.</summary>
public sealed class CaptureCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sidestep-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Each_frame_is_a_line_with_its_decision()
    {
        var run = Run(Session.Of(Frame(1), Frame(1, isOut: true), Dropped(2)), "--count", "2");
        Assert.Equal(ExitCode.Ok, run.Code);
        Assert.Equal(["#1 in  eth0  forward  www -> web1  ", "#1 out eth0  forward  www -> web1  ",
            "#2 in  eth0  drop no-service  "],
            run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static l => l[16..l.IndexOf("198.", StringComparison.Ordinal)]));
        Assert.Equal("capturing; press Ctrl-C to stop\n2 frames captured\n", run.Error);
    }

    [Fact]
    public void Capture_stops_after_the_frame_out_of_the_last_frame()
    {
        // The session offers frames in batches: the frame out of frame 2 comes with the next one.
        var run = Run(new Session([Frame(1), Frame(2)], [Frame(2, isOut: true), Frame(3)]), "--count", "2");
        Assert.Equal(["#1", "#2", "#2"], FrameLabels(run));
        Assert.Equal("capturing; press Ctrl-C to stop\n2 frames captured\n"
            + "1 more frames matched and were not captured: see --rate\n", run.Error);
    }

    [Fact]
    public void Missed_and_lost_frames_are_reported()
    {
        var run = Run(new Session([Frame(1)]) { Loss = new CaptureLoss(7, 3) }, "--count", "1");
        Assert.Equal("""
            capturing; press Ctrl-C to stop
            1 frames captured
            7 more frames matched and were not captured: see --rate
            3 records were lost because they were not read in time: use a stricter filter, a lower --rate, or a
            """ + " faster disk\n", run.Error);
    }

    [Fact]
    public void Capture_ends_after_the_duration()
    {
        var run = Run(new Session(), "--duration", "0.1");
        Assert.Equal((ExitCode.Ok, "", "capturing; press Ctrl-C to stop\n0 frames captured\n"),
            (run.Code, run.Output, run.Error));
    }

    [Fact]
    public void Filter_and_limits_reach_the_session()
    {
        CaptureRequest? given = null;
        using var session = Session.Of(Frame(1));
        CommandRun.Of(CaptureCommand.Create((_, request) =>
        {
            given = request;
            return session;
        }), "decision", "drop", "and", "port", "80", "--count", "1", "--snaplen", "128", "--sample", "10", "--rate",
            "0");
        Assert.Equal(new CaptureRequest { Filter = "decision drop and port 80", Snap = 128, Sample = 10, Rate = 0 },
            given);
        Assert.True(session.IsDisposed);
    }

    [Fact]
    public void Written_file_has_frames_in_and_out_with_comments()
    {
        var file = Path.Combine(_folder, "out.pcapng");
        var run = Run(Session.Of(Frame(1), Frame(1, isOut: true), Dropped(2)), "--count", "2", "--write", file);
        Assert.Equal((ExitCode.Ok, ""), (run.Code, run.Output));
        var bytes = File.ReadAllBytes(file);
        var text = System.Text.Encoding.Latin1.GetString(bytes);
        // The section header block of pcapng: type and byte-order magic (draft-ietf-opsawg-pcapng, section 4.1).
        Assert.Equal([0x0a, 0x0d, 0x0d, 0x0a], bytes[..4]);
        foreach (var part in new[]
        {
            "received by the director", "sent by the director",
            "frame 1 in; decision: forward; service: www; server: web1 (10.0.0.11)",
            "frame 1 out; decision: forward; service: www; server: web1 (10.0.0.11)",
            "frame 2 in; decision: drop; reason: no-service",
        })
            Assert.Contains(part, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_has_a_line_for_each_frame()
    {
        var run = Run(Session.Of(Frame(1), Dropped(2)), "--count", "2", "--json");
        var lines = run.Lines.Select(static l => JsonNode.Parse(l)!.AsObject()).ToArray();
        Assert.Equal(["number", "timeNanoseconds", "direction", "interface", "decision", "reason", "action", "service",
            "server", "serverAddress", "length", "bytes"], lines[0].Select(static p => p.Key));
        Assert.Equal(("in", "forward", null, "10.0.0.11"), ((string)lines[0]["direction"]!,
            (string)lines[0]["decision"]!, (string?)lines[0]["reason"], (string)lines[0]["serverAddress"]!));
        Assert.Equal(Frame(1).Bytes.ToArray(), Convert.FromBase64String((string)lines[0]["bytes"]!));
        Assert.Equal(("no-service", null), ((string)lines[1]["reason"]!, (string?)lines[1]["service"]));
    }

    [Fact]
    public void Json_and_a_file_exclude_each_other()
    {
        using var session = new Session();
        Assert.Equal(ExitCode.Unusable, Run(session, "--json", "--write", "-").Code);
    }

    [Fact]
    public void Capture_through_the_pinned_maps_is_noted_first() => Assert.StartsWith(
        "note: no sidestepd listens for the director 'director': its pinned tables were read\n",
        Run(new Session([Frame(1)]) { IsPinned = true }, "--count", "1").Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("--count", "0", "--count 0: must be from 1 to 9223372036854775807.")]
    [InlineData("--duration", "0.05", "--duration 0.05: must be from 0.1 to 31536000.")]
    [InlineData("--snaplen", "63", "--snaplen 63: must be from 64 to 2048.")]
    [InlineData("--snaplen", "2049", "--snaplen 2049: must be from 64 to 2048.")]
    [InlineData("--sample", "0", "--sample 0: must be from 1 to 1000000000.")]
    [InlineData("--rate", "-1", "--rate -1: must be from 0 to 1000000000.")]
    public void Number_out_of_range_is_unusable(string option, string value, string error)
    {
        using var session = new Session();
        var run = Run(session, option, value);
        Assert.Equal(ExitCode.Unusable, run.Code);
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_filter_is_unusable()
    {
        using var session = new Session();
        var run = Run(session, "prot", "80");
        Assert.Equal((ExitCode.Unusable, ""), (run.Code, run.Output));
        Assert.StartsWith("error: filter, column 1: 'prot' is not a condition.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_director_or_a_session_that_ends_is_reported()
    {
        Assert.Equal(ExitCode.Failed, CommandRun.Of(CaptureCommand.Create(static (_, _) => null)).Code);
        var ended = CommandRun.Of(CaptureCommand.Create(static (_, _) => throw new EngineException("it has ended")));
        Assert.Equal((ExitCode.Unusable, "error: it has ended\n"), (ended.Code, ended.Error));
    }

    private static string[] FrameLabels(CommandRun run) =>
        [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static l => l.Split(' ')[1])];

    private static CommandRun Run(Session session, params string[] arguments) =>
        CommandRun.Of(CaptureCommand.Create((_, _) => session), arguments);

    internal static FrameRecord Frame(long number, bool isOut = false) => new()
    {
        Number = number,
        TimeNanoseconds = 1_700_000_000_123_456_000,
        Direction = isOut ? FrameDirection.Out : FrameDirection.In,
        Interface = "eth0",
        Decision = "forward",
        Action = "transmit",
        Service = "www",
        Server = "web1",
        ServerAddress = IPAddress.Parse("10.0.0.11"),
        Length = 54,
        Bytes = Sidestep.Cli.Replay.PacketSpec.ToFrame(["tcp", "198.51.100.7:40000", "203.0.113.10:80"],
            new MacAddress(2)),
    };

    internal static FrameRecord Dropped(long number) => Frame(number) with
    {
        Decision = "drop",
        Reason = "no-service",
        Action = "drop",
        Service = null,
        Server = null,
        ServerAddress = null,
    };

    /// <summary>A capture that has these batches of frames, and then no more.</summary>
    private sealed class Session(params FrameRecord[][] batches) : ICaptureFeed
    {
        private readonly Queue<FrameRecord[]> _batches = new(batches);

        public static Session Of(params FrameRecord[] frames) => new(batches: [frames]);

        public bool IsDisposed { get; private set; }

        public bool IsPinned { get; init; }

        public CaptureLoss Loss { get; init; } = new(0, 0);

        public void Poll(TimeSpan timeout, Action<FrameRecord> handle)
        {
            foreach (var frame in _batches.TryDequeue(out var batch) ? batch : [])
                handle(frame);
        }

        public void Drain(Action<FrameRecord> handle) => Poll(TimeSpan.Zero, handle);

        public void Dispose() => IsDisposed = true;
    }
}

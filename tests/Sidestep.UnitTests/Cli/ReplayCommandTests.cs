using System.CommandLine;
using System.IO.Compression;
using System.Text.Json.Nodes;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.Cli.Replay;
using Sidestep.Forwarding;
using Sidestep.Packets;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Cli;

/// <summary><c>sidestep replay</c> and <c>sidestep trace</c> as a user meets them, without root.</summary>
public sealed class ReplayCommandTests : IDisposable
{
    private const string Configuration = """
        node:
          interfaces: [{ name: eth0 }]
        group:
          hashKey: 5f1d3c0e8a7b46925d20c9e4b6a1f873
          onNoService: drop
        pools:
          - name: web
            servers:
              - { name: web1, address: 10.0.0.11 }
        virtualServices:
          - { name: www, vip: 203.0.113.10, protocol: tcp, port: 80, pool: web }
        """;

    private static readonly MacAddress Director = new(0x02005e100001);

    private readonly string _folder = Directory.CreateTempSubdirectory("sidestep-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Each_frame_is_listed_with_its_decision_service_slot_and_server()
    {
        var (code, output, error) = Replay(Pcap(Tcp(80), Tcp(81), Tcp(80, to: "203.0.113.11")), "--json");
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static l => JsonNode.Parse(l)!)
            .ToArray();
        Assert.Equal(ExitCode.Ok, code);
        Assert.Equal(["forward", "drop", "pass"], lines.Select(static l => (string)l["decision"]!));
        Assert.Equal(("www", "web1", "10.0.0.11", 74, "eth0"),
            ((string)lines[0]["service"]!, (string)lines[0]["server"]!, (string)lines[0]["address"]!,
                (int)lines[0]["bytesOut"]!, (string)lines[0]["outInterface"]!));
        Assert.InRange((int)lines[0]["slot"]!, 0, 16380);
        Assert.StartsWith("0200" + "0a00000b" + $"{Director}".Replace(":", "", StringComparison.Ordinal)
            + "08004500003c", (string)lines[0]["out"]!, StringComparison.Ordinal);
        Assert.Equal("no-service", (string)lines[1]["reason"]!);
        Assert.Contains("3 frames: 1 drop no-service, 1 forward, 1 pass", error, StringComparison.Ordinal);
        Assert.Contains($"the director's MAC address: {Director}", error, StringComparison.Ordinal);
    }

    /// <summary>Where it captures itself, a director's own probes and what it forwards are there, too; the probes come
    /// first.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Director_is_identified_among_its_servers_and_its_router(bool forwardsAtLayer2)
    {
        MacAddress router = new(0x02005e100002), web1 = new(0x02005e100011), web2 = new(0x02005e100012);
        List<byte[]> frames = [];
        for (var probe = 0; probe < 9; probe++)
            frames.Add(Tcp(80, probe % 2 == 0 ? web1 : web2, Director));
        for (var i = 0; i < 12; i++)
        {
            frames.Add(Tcp(80, Director, router));
            if (forwardsAtLayer2)
                frames.Add(Tcp(80, i % 2 == 0 ? web1 : web2, Director));
        }
        // A server that is a client.
        frames.Add(Tcp(80, Director, web1));

        var (_, output, error) = Replay(Pcap([.. frames]));

        Assert.Contains($"the director's MAC address: {Director}", error, StringComparison.Ordinal);
        Assert.Contains("13 forward", error, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(1, frames.Count).Select(static n => $"#{n}"),
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static l => l.Split(' ')[0]));
    }

    [Fact]
    public void Frames_beyond_those_used_to_detect_the_director_are_replayed_in_order()
    {
        var (_, output, error) = Replay(Pcap([.. Enumerable.Range(0, 2500).Select(static _ => Tcp(80))]));
        Assert.Contains("2500 frames: 2500 forward", error, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(1, 2500).Select(static n => $"#{n}"),
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static l => l.Split(' ')[0]));
    }

    [Theory]
    [InlineData("decision drop", 1)]
    [InlineData("reason no-service", 1)]
    [InlineData("service www", 1)]
    [InlineData("server 10.0.0.11", 1)]
    [InlineData("server web2", 0)]
    [InlineData("port 80", 1)]
    [InlineData("port 81 and tcp", 1)]
    [InlineData("port 40000 and src 198.51.100.0/24", 2)]
    [InlineData("dst 198.51.100.7", 0)]
    [InlineData("udp", 0)]
    [InlineData("decision pass and host 203.0.113.11", 1)]
    public void Filter_selects_the_listed_frames(string filter, int frames)
    {
        var (code, output, error) = Replay(Pcap(Tcp(80), Tcp(81), Tcp(80, to: "203.0.113.11")), filter.Split(' '));
        Assert.Equal(ExitCode.Ok, code);
        Assert.Equal(frames, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("3 frames", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Compressed_capture_is_replayed()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress))
            gzip.Write(Pcap(Tcp(80)));
        var (code, output, _) = Replay(packed.ToArray());
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("forward  www slot ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_capture_is_replayed_up_to_the_reported_offset()
    {
        var whole = Pcap(Tcp(80), Tcp(80));
        var (code, output, error) = Replay(whole[..^5]);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("1 frames: 1 forward", error, StringComparison.Ordinal);
        Assert.Contains($"byte {24 + 16 + 54}: the file is truncated: it ends 65 bytes into a record of 70", error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_gzip_is_replayed_as_far_as_it_can_be_read()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.NoCompression))
            gzip.Write(Pcap([.. Enumerable.Range(0, 50).Select(static _ => Tcp(80))]));
        var (code, output, error) = Replay(packed.ToArray()[..2000]);
        Assert.Equal(ExitCode.Failed, code);
        Assert.InRange(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 10, 49);
        Assert.Contains("(uncompressed)", error, StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_is_not_a_capture_is_rejected()
    {
        var (code, _, error) = Replay("hello, world"u8.ToArray());
        Assert.Equal(ExitCode.Unusable, code);
        Assert.Contains("byte 0: this is not a capture file", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Output_is_written_as_a_capture_that_can_be_replayed()
    {
        var file = Path.Combine(_folder, "out.pcapng");
        Replay(Pcap(Tcp(80), Tcp(81)), "--out", file, "--quiet");
        var (code, output, _) = Replay(File.ReadAllBytes(file), "--json");
        Assert.Equal(ExitCode.Ok, code);
        // In and out of the first, and in of the second: what went out is for no VIP.
        Assert.Equal(["forward", "pass", "drop"],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static l => (string)JsonNode.Parse(l)!["decision"]!));
    }

    [Fact]
    public void Idle_timeouts_follow_the_timestamps_of_the_capture()
    {
        var configuration = Configuration.Replace("      - { name: web1, address: 10.0.0.11 }",
            "      - { name: web1, address: 10.0.0.11 }\n      - { name: web2, address: 10.0.0.12 }",
                StringComparison.Ordinal)
            .Replace("  - name: web\n", "  - name: web\n    algorithm: round-robin\n", StringComparison.Ordinal);
        string[] Servers(uint apart) =>
            [.. Run(ReplayCommand.Create(NoXdp), configuration, Pcap(apart, Tcp(80), Tcp(80)), "replay",
                "--json").Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static l => (string)JsonNode.Parse(l)!["server"]!)];
        Assert.Single(Servers(3599).Distinct());
        Assert.Equal(2, Servers(3602).Distinct().Count());
    }

    [Fact]
    public void Trace_describes_all_six_stages()
    {
        var (code, output, _) = Trace("tcp", "198.51.100.7:40000", "203.0.113.10:80", "S");
        Assert.Equal(ExitCode.Ok, code);
        var lines = output.ReplaceLineEndings("\n").Split('\n');
        Assert.Equal(["Parse", "Classify", "Select", "Encapsulate", "Transmit", "Account"],
            lines[1..7].Select(static l => l.Trim().Split(' ')[0]));
        Assert.Contains("198.51.100.7:40000 > 203.0.113.10:80", lines[1], StringComparison.Ordinal);
        Assert.Contains("VIP 203.0.113.10 -> service www", lines[2], StringComparison.Ordinal);
        Assert.Contains("-> server web1 (10.0.0.11)", lines[3], StringComparison.Ordinal);
        Assert.Contains("ipip in ipv4, 20 bytes in front", lines[4], StringComparison.Ordinal);
        Assert.Equal("forward", lines[7]);
    }

    [Fact]
    public void Json_trace_contains_the_look_up_results()
    {
        var json = JsonNode.Parse(Trace("tcp", "198.51.100.7:40000", "203.0.113.10:80", "--json").Output)!;
        var select = json["stages"]!.AsArray().Single(static s => (string)s!["stage"]! == "Select")!;
        Assert.Equal(("forward", "web1", 16381),
            ((string)json["decision"]!, (string)select["server"]!, (int)select["slots"]!));
        Assert.Equal(16, ((string)select["hash"]!).Length);
    }

    [Theory]
    [InlineData("Classify     VIP 203.0.113.10, no service of the VIP has this protocol and port", "tcp",
        "198.51.100.7:40000", "203.0.113.10:81")]
    [InlineData("Transmit     dropped: no-service", "udp", "198.51.100.7:40000", "203.0.113.10:80")]
    [InlineData("Classify     the destination is no VIP: left to the kernel", "tcp", "198.51.100.7:40000",
        "203.0.113.11:80")]
    [InlineData("Classify     VIP 203.0.113.10, an echo request, which is answered here", "icmp", "198.51.100.7",
        "203.0.113.10")]
    [InlineData("Account      echo-reply, 42 bytes", "icmp", "198.51.100.7", "203.0.113.10")]
    public void Trace_reports_what_happened_at_each_stage(string line, params string[] packet) =>
        Assert.Contains("  " + line, Trace(packet).Output.ReplaceLineEndings("\n").Split('\n'));

    [Theory]
    [InlineData("drop no-service", "tcp", "198.51.100.7:40000", "203.0.113.10:81")]
    [InlineData("pass", "tcp", "198.51.100.7:40000", "203.0.113.11:80")]
    [InlineData("echo-reply", "icmp", "198.51.100.7", "203.0.113.10")]
    public void Trace_ends_with_the_verdict(string verdict, params string[] packet) =>
        Assert.Contains(verdict, Trace(packet).Output.ReplaceLineEndings("\n").Split('\n'));

    [Fact]
    public void Trace_accepts_hexadecimal_and_a_frame_of_a_capture()
    {
        var file = Path.Combine(_folder, "in.pcap");
        File.WriteAllBytes(file, Pcap(Tcp(81), Tcp(80)));
        Assert.Contains("forward", Trace("--hex", Convert.ToHexString(Tcp(80))).Output.Split(Environment.NewLine));
        Assert.Contains("forward", Trace("--hex",
            BitConverter.ToString(Tcp(80)).Replace('-', ' ') + "\n").Output.Split(Environment.NewLine));
        Assert.Contains("forward", Trace("--in", file, "--frame", "2").Output.Split(Environment.NewLine));
        var (code, _, error) = Trace("--in", file, "--frame", "3");
        Assert.Equal(ExitCode.Unusable, code);
        Assert.Contains("has 2 frames: there is no frame 3", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp 198.51.100.7 203.0.113.10:80", "'198.51.100.7' is not an address with a port")]
    [InlineData("tcp", "write ")]
    [InlineData("tcp 198.51.100.7:1 203.0.113.10:80 X", "'X' are not TCP flags")]
    [InlineData("tcp 198.51.100.7:1 [2001:db8::1]:80", "different families")]
    public void Impossible_packet_is_rejected_with_the_expected_form(string arguments, string says)
    {
        var (code, _, error) = Trace(arguments.Split(' '));
        Assert.Equal(ExitCode.Unusable, code);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0011223344550011223344550800z5", "--hex: 'z' at character 29 is not a hexadecimal digit")]
    [InlineData("00:11:22:33:44:55 00:11:22:33:44:55 08:00 4", "--hex: 29 digits are not a whole number of bytes")]
    [InlineData("00:11:22", "--hex: 3 bytes are fewer than an Ethernet header has (14)")]
    public void Invalid_hexadecimal_frame_is_rejected_with_the_position(string hex, string says)
    {
        var (code, _, error) = Trace("--hex", hex);
        Assert.Equal(ExitCode.Unusable, code);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "A packet is missing.")]
    [InlineData("--hex 00 --in file", "There is more than one packet.")]
    [InlineData("tcp 198.51.100.7:1 203.0.113.10:80 --in file", "There is more than one packet.")]
    [InlineData("tcp 198.51.100.7:1 203.0.113.10:80 --frame 2", "--frame is the number of a frame in a capture")]
    public void Trace_accepts_exactly_one_packet(string arguments, string says)
    {
        var (code, _, error) = Trace(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.NotEqual(ExitCode.Ok, code);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    private (int Code, string Output, string Error) Replay(byte[] capture, params string[] options) =>
        Run(ReplayCommand.Create(NoXdp), Configuration, capture, ["replay", .. options]);

    private (int Code, string Output, string Error) Trace(params string[] arguments) =>
        Run(TraceCommand.Create(static (_, _, _) => null), Configuration, null, ["trace", "--offline", .. arguments]);

    private (int Code, string Output, string Error) Run(Command command, string configuration, byte[]? capture,
        params string[] arguments)
    {
        var (config, file) = (Path.Combine(_folder, "sidestep.yaml"), Path.Combine(_folder, "capture"));
        File.WriteAllText(config, configuration);
        string[] all = [.. arguments, "--config", config];
        if (capture is not null)
        {
            File.WriteAllBytes(file, capture);
            all = [.. all, "--in", file];
        }
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = CommandLine.Run(new RootCommand { command }, all,
            new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }

    private static IReplayEngine NoXdp(int flows) => throw new EngineException("not here");

    private static byte[] Tcp(int port, string to = "203.0.113.10") =>
        PacketSpec.ToFrame(["tcp", "198.51.100.7:40000", $"{to}:{port}"], Director);

    private static byte[] Tcp(int port, MacAddress to, MacAddress from)
    {
        var frame = Tcp(port);
        to.Write(frame);
        from.Write(frame.AsSpan(6));
        return frame;
    }

    private static byte[] Pcap(params byte[][] frames) => Pcap(1, frames);

    private static byte[] Pcap(uint secondsApart, params byte[][] frames) => CaptureFiles.Pcap(secondsApart, frames);
}

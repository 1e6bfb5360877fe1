using System.Text.Json.Nodes;
using Sidestep.Cli.Capture;
using Sidestep.Cli.Replay;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Cli;

/// <summary>The lines, objects and files of a replay.</summary>
public sealed class FrameReportTests
{
    private const long Time = 1_700_000_000_012_345_678;

    private static readonly byte[] Frame = PacketSpec.ToFrame(["tcp", "198.51.100.7:40000", "203.0.113.10:80"],
        new MacAddress(2));

    private static readonly ServerKey Web1 = new(TestDirector.Web, "web1", VrfAddress.Parse("10.0.0.11"));

    [Fact]
    public void Text_line_of_a_forwarded_frame_has_slot_server_and_egress() =>
        Assert.Equal(
            "#5 1700000000.012345 eth0  forward  www slot 17 -> web1  198.51.100.7:40000 > 203.0.113.10:80 tcp S, "
            + "54 bytes, 54 out by eth1\n", Text(Forwarded()));

    [Fact]
    public void Text_line_of_a_dropped_frame_has_the_reason_only() =>
        Assert.Equal(
            "#5 1700000000.012345 eth0  drop no-service  198.51.100.7:40000 > 203.0.113.10:80 tcp S, 54 bytes\n",
            Text(Dropped()));

    [Fact]
    public void Json_object_of_a_forwarded_frame_is_complete()
    {
        var json = JsonNode.Parse(Json(Forwarded()))!.AsObject();
        Assert.Equal(
            ["frame", "time", "interface", "decision", "reason", "service", "slot", "server", "address", "bytes",
                "outInterface", "bytesOut", "out"],
            json.Select(static p => p.Key));
        Assert.Equal((5, Time, "eth0", "forward", null, "www", 17), ((long)json["frame"]!, (long)json["time"]!,
            (string)json["interface"]!, (string)json["decision"]!, (string?)json["reason"], (string)json["service"]!,
                (int)json["slot"]!));
        Assert.Equal(("web1", "10.0.0.11", 54, "eth1", 54, Convert.ToHexStringLower(Frame)), ((string)json["server"]!,
            (string)json["address"]!, (int)json["bytes"]!, (string)json["outInterface"]!, (int)json["bytesOut"]!,
                (string)json["out"]!));
    }

    [Fact]
    public void Json_object_of_a_dropped_frame_has_nulls()
    {
        var json = JsonNode.Parse(Json(Dropped()))!;
        Assert.Equal(("drop", "no-service", 0),
            ((string)json["decision"]!, (string)json["reason"]!, (int)json["bytesOut"]!));
        Assert.All(new[] { "service", "slot", "server", "address", "outInterface", "out" }, k => Assert.Null(json[k]));
    }

    [Fact]
    public void Json_objects_are_one_on_a_line()
    {
        var text = CommandRun.TextOf(static o =>
        {
            using var report = new JsonReport(o);
            report.Write(1, Time, "eth0", "eth1", Frame, Forwarded());
            report.Write(2, Time, "eth0", "eth0", Frame.AsSpan(0, 20), Dropped());
        });
        Assert.Equal([1, 2], text.TrimEnd('\n').Split('\n').Select(static l => (int)JsonNode.Parse(l)!["frame"]!));
    }

    [Fact]
    public void Capture_file_has_the_frame_out_only_if_there_is_one()
    {
        Assert.Equal(1, Count(Pcapng(Dropped()), "frame 5 in; decision: drop; reason: no-service"));
        Assert.Equal(0, Count(Pcapng(Dropped()), "sent by the director"));
        var forwarded = Pcapng(Forwarded());
        Assert.Equal(1, Count(forwarded, "frame 5 in; decision: forward; service: www; server: web1 (10.0.0.11)"));
        Assert.Equal(1, Count(forwarded, "frame 5 out; decision: forward; service: www; server: web1 (10.0.0.11)"));
        Assert.Equal(1, Count(forwarded, "sent by the director"));
    }

    private static ReplayedFrame Forwarded() => new()
    {
        Decision = Decision.Forward,
        Service = "www",
        Server = Web1,
        Slot = 17,
        Egress = 2,
        Bytes = Frame,
    };

    private static ReplayedFrame Dropped() =>
        new() { Decision = Decision.Drop, Reason = DropReason.NoService, Slot = -1, Bytes = Frame };

    private static string Text(ReplayedFrame result)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using (var report = new TextReport(output))
            report.Write(5, Time, "eth0", "eth1", Frame, result);
        return output.ToString();
    }

    private static string Json(ReplayedFrame result)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using (var report = new JsonReport(output))
            report.Write(5, Time, "eth0", "eth1", Frame, result);
        return output.ToString();
    }

    private static string Pcapng(ReplayedFrame result)
    {
        using var file = new MemoryStream();
        using (var report = new PcapngReport(new PcapngOutput(file, ushort.MaxValue)))
            report.Write(5, Time, "eth0", "eth1", Frame, result);
        return System.Text.Encoding.Latin1.GetString(file.ToArray());
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}

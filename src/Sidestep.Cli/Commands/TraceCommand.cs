using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sidestep.Cli.Replay;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Managed.Replay;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.Packets.Capture;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep trace</c>: what would happen to a packet, and why.</summary>
public static class TraceCommand
{
    /// <summary>Creates the <c>trace</c> command with its arguments and options.</summary>
    /// <param name="read">Reads the state of the running director, by its name, pin path and peers; null: there is no
    /// such director. Throws <see cref="EngineException"/> if it cannot be read.</param>
    /// <param name="requestTrace">Requests the trace from the daemon of a managed director; returns null for other
    /// directors.</param>
    public static Command Create(Func<Configuration, RunningNetwork?> read, Func<NodeSettings, TraceRequest,
        TraceResponse?>? requestTrace = null)
    {
        var packetArgument = new Argument<string[]>("PACKET")
        {
            Description =
                "tcp SOURCE:PORT DESTINATION:PORT [FLAGS], udp SOURCE:PORT DESTINATION:PORT, icmp SOURCE DESTINATION. "
                + "Or --hex, or --in with --frame.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var config = new Option<string>("--config", "-c") { Description = "The configuration file.", Required = true };
        var hex = new Option<string?>("--hex")
        {
            Description = "The frame in hexadecimal, from the Ethernet header on.",
        };
        var input = new Option<string?>("--in", "-i")
        {
            Description = "A capture with the frame: pcap or pcapng, also gzipped; - is standard input.",
        };
        var frame = new Option<long>("--frame")
        {
            Description = "Number of the frame in the capture, from 1.",
            DefaultValueFactory = static _ => 1,
        };
        var offline = new Option<bool>("--offline")
        {
            Description = "Use the file alone, as a director that has just started: servers are reachable, no flow is "
                + "tracked.",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("trace",
            "Show what the director on this machine would do with a packet, and why, stage by stage: look-ups, "
            + "matches, hash, slot, server and verdict. It uses the file, and the slots, next hops and tracked flows "
            + "of the running director. It sends, counts and tracks nothing there. Exit codes: 0: traced; 1: the file "
            + "has errors or there is no such director; 2: something cannot be read.")
        {
            packetArgument, config, hex, input, frame, offline, json,
        };
        command.Validators.Add(result =>
        {
            var packets = (result.GetValue(packetArgument) is { Length: > 0 } ? 1 : 0)
                + (result.GetValue(hex) is null ? 0 : 1) + (result.GetValue(input) is null ? 0 : 1);
            if (packets != 1)
                result.AddError(
                    $"{(packets == 0 ? "A packet is missing." : "There is more than one packet.")} Specify it as "
                    + $"{PacketSpec.Example}, or with --hex, or with --in and --frame.");
            if (result.GetResult(frame) is { Implicit: false } && result.GetValue(input) is null)
                result.AddError("--frame is the number of a frame in a capture: specify the capture with --in.");
        });
        command.SetAction(parsed =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            var (configuration, code) = InputFiles.Read(parsed.GetRequiredValue(config), error);
            if (configuration is null)
                return code;
            try
            {
                byte[]? packet = parsed.GetValue(hex) is { } text ? HexFrame.Read(text)
                    : parsed.GetValue(input) is { } capture ? FrameOf(capture, parsed.GetValue(frame)) : null;
                RunningNetwork? running = null;
                if (!parsed.GetValue(offline) && requestTrace?.Invoke(configuration.Node,
                    new TraceRequest(packet ?? PacketSpec.ToFrame(parsed.GetValue(packetArgument) ?? [], default),
                        packet is null)) is { } response)
                {
                    Write(response.Explanation, response.Frame, response.Sent, parsed.GetValue(json), output);
                    return ExitCode.Ok;
                }
                if (!parsed.GetValue(offline) && (running = read(configuration)) is null)
                {
                    error.WriteLine(
                        $"error: no director '{configuration.Node.Name}' is pinned under "
                        + $"{configuration.Node.PinPath}. Start sidestepd, or use --offline, which uses the file "
                        + "alone.");
                    return ExitCode.Failed;
                }
                // Without a running director, its MAC address is the destination of the frame.
                var mac = packet is not null && running is null ? MacAddress.Read(packet) : (MacAddress?)null;
                using var engine = EngineOf(configuration, running, mac, out var nextHops);
                packet ??= PacketSpec.ToFrame(parsed.GetValue(packetArgument) ?? [], nextHops.Interfaces[0].Mac);
                Explain(engine, packet, nextHops.Interfaces[0].Index, parsed.GetValue(json), output);
                return ExitCode.Ok;
            }
            catch (Exception e) when (e is FormatException or EngineException or IOException
                or UnauthorizedAccessException)
            {
                error.WriteLine($"error: {e.Message}");
                return ExitCode.Unusable;
            }
        });
        return command;
    }

    private static ManagedEngine EngineOf(Configuration configuration, RunningNetwork? running, MacAddress? mac,
        out NextHops nextHops)
    {
        nextHops = running?.NextHops ?? SyntheticTopology.For(configuration, mac, SyntheticTopology.DefaultMtu);
        var engine = new ManagedEngine(configuration.Group.FlowTableSize);
        engine.Apply(TableCompiler.Compile(configuration, nextHops, running?.Groups.ToPrevious(),
            DateTimeOffset.UtcNow));
        foreach (var flow in running?.Flows ?? [])
            engine.Track(flow);
        return engine;
    }

    private static void Explain(ManagedEngine engine, byte[] frame, int interfaceIndex, bool json, TextWriter output)
    {
        var pipeline = engine.NewPipeline();
        var buffer = new byte[Frame.Headroom + frame.Length + Frame.Tailroom];
        frame.CopyTo(buffer, Frame.Headroom);
        var running = new Frame(buffer, Frame.Headroom, frame.Length);
        var decision = pipeline.Process(engine.Tables!, ref running, interfaceIndex);
        var explanation = Explanation.Of(pipeline, engine.Tables!, decision);
        var isSent = decision is not (Decision.Pass or Decision.Drop or Decision.DeliverLocally or Decision.Punted);
        Write(explanation, frame, isSent ? running.Bytes : default, json, output);
    }

    private static void Write(Explanation explanation, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> sent, bool json,
        TextWriter output)
    {
        if (json)
            WriteJson(explanation, frame, sent, output);
        else
            WriteText(explanation, frame, sent, output);
    }

    private static void WriteText(Explanation explanation, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> sent,
        TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{FrameText.Of(frame)}, {frame.Length} bytes"));
        foreach (var stage in explanation.Stages)
            output.WriteLine($"  {stage.Name,-12} {(stage.Text.Length > 0 ? stage.Text : "-")}");
        var reason = explanation.Reason is { } dropReason ? $" {CounterName.Of(dropReason)}" : "";
        output.WriteLine($"{CounterName.Of(explanation.Decision)}{reason}");
        if (!sent.IsEmpty)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{FrameText.Of(sent)}, {sent.Length} bytes"));
    }

    private static void WriteJson(Explanation explanation, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> sent,
        TextWriter output)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("packet", FrameText.Of(frame));
            json.WriteString("decision", CounterName.Of(explanation.Decision));
            json.WriteString("reason", explanation.Reason is { } reason ? CounterName.Of(reason) : null);
            json.WriteStartArray("stages");
            foreach (var stage in explanation.Stages)
            {
                json.WriteStartObject();
                json.WriteString("stage", stage.Name);
                json.WriteString("text", stage.Text);
                foreach (var traceField in stage.Fields)
                {
                    json.WritePropertyName(traceField.Name);
                    JsonSerializer.Serialize(json, traceField.Value);
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("out", sent.IsEmpty ? null : Convert.ToHexStringLower(sent));
            json.WriteEndObject();
        }
        output.WriteLine(System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static byte[] FrameOf(string capture, long number)
    {
        using var source = new CaptureFileReader(InputFiles.Open(capture));
        while (source.TryRead(out var record))
        {
            if (source.Frames != number)
                continue;
            return record.Bytes.Length >= EthernetPacket.HeaderLength ? record.Bytes.ToArray()
                : throw new FormatException(
                string.Create(CultureInfo.InvariantCulture,
                    $"{capture}: frame {number} has {record.Bytes.Length} bytes, fewer than an Ethernet header"));
        }
        throw new FormatException(source.Problem is { } problem ? $"{capture}: {problem}"
            : string.Create(CultureInfo.InvariantCulture,
                $"{capture} has {source.Frames} frames: there is no frame {number}"));
    }
}

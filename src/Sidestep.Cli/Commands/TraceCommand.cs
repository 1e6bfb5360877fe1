using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Traces;
using Sidestep.Cli.Contexts;
using Sidestep.Cli.Replay;
using Sidestep.Engine.Managed.Replay;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep trace</c>: what would happen to a packet, and why.</summary>
public static class TraceCommand
{
    /// <summary>Creates the <c>trace</c> command with its arguments and options.</summary>
    /// <param name="trace">Traces a frame in a running director, whose configuration is null if it is on another
    /// machine; null: there is no such director. Throws <see cref="EngineException"/> if it cannot be read.</param>
    public static Command Create(Func<DirectorTarget, Configuration?, TraceRequest, TraceReport?> trace)
    {
        var packetArgument = new Argument<string[]>("PACKET")
        {
            Description =
                "tcp SOURCE:PORT DESTINATION:PORT [FLAGS], udp SOURCE:PORT DESTINATION:PORT, icmp SOURCE DESTINATION. "
                + "Or --hex, or --in with --frame.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var config = new Option<string?>("--config", "-c")
        {
            Description = "The configuration file. Only a director of another machine needs none.",
        };
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
            "Show what a director would do with a packet, and why, stage by stage: look-ups, "
            + "matches, hash, slot, server and verdict. The file names the director, whose tables and tracked flows "
            + "decide; while no daemon runs, the file decides with the pinned tables. It sends, counts and tracks "
            + "nothing there. Exit codes: 0: traced; 1: the file has errors or there is no such director; 2: something "
            + "cannot be read.")
        {
            packetArgument, config, hex, input, frame, offline, json,
            SchemaOption.Of(ApiJson.Default.TraceReport, "sidestep trace --json"),
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
        var which = new ContextOption(command);
        command.Validators.Add(result =>
        {
            if (which.IsGiven(result) && result.GetValue(config) is not null)
                result.AddError("--context names a director of another machine: leave out --config");
        });
        command.SetAction(parsed =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            string? path = parsed.GetValue(config);
            if (!which.TryRead(parsed, isLocal: path is not null, out var context))
                return ExitCode.Unusable;
            if (path is null && (context is null || parsed.GetValue(offline)))
            {
                error.WriteLine("error: --config is missing: name the configuration file");
                return ExitCode.Unusable;
            }
            Configuration? configuration = null;
            if (path is not null)
            {
                (configuration, int code) = InputFiles.Read(path, error);
                if (configuration is null)
                    return code;
            }
            var director = context is not null ? DirectorTarget.Of(context) : DirectorTarget.Of(configuration!.Node);
            try
            {
                byte[]? packet = parsed.GetValue(hex) is { } text ? HexFrame.Read(text)
                    : parsed.GetValue(input) is { } capture ? FrameOf(capture, parsed.GetValue(frame)) : null;
                var request = new TraceRequest(
                    packet ?? PacketSpec.ToFrame(parsed.GetValue(packetArgument) ?? [], default), packet is null);
                var report = parsed.GetValue(offline) ? ConfigurationTrace.Run(configuration!, null, request)
                    : trace(director, configuration, request);
                if (report is null)
                {
                    error.WriteLine(
                        $"error: no director '{director.Name}' is pinned under {director.PinPath}. Start sidestepd, "
                            + "or use --offline, which uses the file "
                        + "alone.");
                    return ExitCode.Failed;
                }
                if (parsed.GetValue(json))
                    output.WriteLine(JsonSerializer.Serialize(report, ApiJson.Indented.TraceReport));
                else
                    TraceText.Write(report, output);
                if (report.Source == TraceSource.PinnedTables)
                    PinnedNote.Write(director.Name, error);
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

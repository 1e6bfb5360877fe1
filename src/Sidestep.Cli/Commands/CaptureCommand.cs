using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Sidestep.Api;
using Sidestep.Api.Captures;
using Sidestep.Cli.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep capture</c>: frames in and out with their decisions, from the daemon or
/// through the pinned maps.</summary>
public static class CaptureCommand
{
    private static readonly TimeSpan PollTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>The command.</summary>
    /// <param name="begin">Starts a capture on a director, by its name and pin path; null: there is no such director.
    /// Throws
    /// <see cref="EngineException"/> if that is not possible.</param>
    public static Command Create(Func<DirectorTarget, CaptureRequest, ICaptureFeed?> begin)
    {
        var filterArgument = new Argument<string[]>("FILTER")
        {
            Description =
                "Conditions joined by 'and': host A, src A, dst A, net P, port N, tcp, udp, sctp, udplite, dccp, "
                + "icmp, service NAME, server NAME, decision D, reason R. "
                + "They apply to the frame as it came in. Without conditions: every frame "
                + "for a VIP.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var write = new Option<string?>("--write", "-w")
        {
            Description = "Write a pcapng file (for Wireshark) instead of lines; - is standard output.",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object per frame and line." };
        var count = new Option<long>("--count")
        {
            Description = "Stop after this number of frames; a frame in and out counts once.",
        };
        var seconds = new Option<double>("--duration") { Description = "Stop after this number of seconds." };
        var snap = new Option<int>("--snaplen")
        {
            Description = "Recorded bytes of each frame, 64 to 2048.",
            DefaultValueFactory = static _ => new CaptureRequest().Snap,
        };
        var sample = new Option<int>("--sample")
        {
            Description = "Sample one of this number of frames.",
            DefaultValueFactory = static _ => new CaptureRequest().Sample,
        };
        var rate = new Option<int>("--rate")
        {
            Description =
                "Most frames per second, to protect the data path; further frames are only counted. 0: no limit.",
            DefaultValueFactory = static _ => new CaptureRequest().Rate,
        };
        Between(count, 1, long.MaxValue);
        Between(seconds, 0.1, 86_400 * 365);
        Between(snap, CaptureLimits.ShortestSnap, CaptureLimits.LongestSnap);
        Between(sample, 1, CaptureLimits.LargestNumber);
        Between(rate, 0, CaptureLimits.LargestNumber);
        var command = new Command("capture",
            "Show frames of a director as they came in and as they went out, with the decision, the "
            + "service, the real server, or the drop reason. Other tools cannot see frames that XDP sends. Exit codes: "
            + "0: captured; 1: there is no such director; 2: the filter is wrong or the director cannot be read.");
        command.Add(filterArgument);
        var which = new DirectorOptions(command);
        foreach (var option in new Option[] { write, json, count, seconds, snap, sample, rate,
            SchemaOption.Of(ApiJson.Default.FrameRecord, "sidestep capture --json, one line") })
            command.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(json) && result.GetValue(write) is not null)
                result.AddError("--json and --write exclude each other: a pcapng file is no JSON.");
        });
        command.SetAction(parsed =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            if (which.Read(parsed) is not { } director)
                return ExitCode.Unusable;
            var request = new CaptureRequest(
                Filter: string.Join(' ', parsed.GetValue(filterArgument) ?? []),
                Snap: parsed.GetValue(snap),
                Sample: parsed.GetValue(sample),
                Rate: parsed.GetValue(rate));
            try
            {
                CaptureRecords.Parse(request);
                if (begin(director, request) is not { } feed)
                    return DirectorOptions.Missing(director, error);
                using (feed)
                {
                    if (feed.IsPinned)
                        PinnedNote.Write(director.Name, error);
                    using var sink = parsed.GetValue(json) ? new JsonOutput(output)
                        : Sink(parsed.GetValue(write), request.Snap, output);
                    var end = new StopCondition(
                        parsed.GetResult(count) is null ? long.MaxValue : parsed.GetValue(count),
                        parsed.GetResult(seconds) is null ? TimeSpan.MaxValue
                            : TimeSpan.FromSeconds(parsed.GetValue(seconds)));
                    return Run(feed, sink, end, error);
                }
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

    private readonly record struct StopCondition(long Frames, TimeSpan After);

    private static int Run(ICaptureFeed feed, ICaptureOutput sink, StopCondition end, TextWriter error)
    {
        var stopped = false;
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            Volatile.Write(ref stopped, true);
        }
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        error.WriteLine("capturing; press Ctrl-C to stop");
        var clock = Stopwatch.StartNew();
        var (frames, last) = (0L, 0L);
        void Write(FrameRecord frame)
        {
            if (frame.Number != last)
                (last, frames) = (frame.Number, frames + 1);
            if (frames <= end.Frames)
                sink.Write(frame);
        }
        while (!Volatile.Read(ref stopped) && frames <= end.Frames && clock.Elapsed < end.After)
        {
            var before = frames;
            feed.Poll(PollTimeout, Write);
            sink.Flush();
            // The frame out of the last frame, if there is one, follows it directly.
            if (frames == end.Frames && before == frames)
                break;
        }
        if (frames < end.Frames)
            feed.Drain(Write);
        sink.Flush();
        var loss = feed.Loss;
        error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Math.Min(frames, end.Frames)} frames captured"));
        if (loss.Missed + Math.Max(frames - end.Frames, 0) is > 0 and var missed)
            error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{missed} more frames matched and were not captured: see --rate"));
        if (loss.Lost > 0)
            error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{loss.Lost} records were lost because they were not read in time: use a stricter filter, a lower "
                + $"--rate, or a faster disk"));
        return ExitCode.Ok;
    }

    private static ICaptureOutput Sink(string? file, int snap, TextWriter output) => file switch
    {
        null => new TextOutput(output, TextConsole.HasColours(output), TextConsole.WidthOf(output)),
        "-" => new PcapngOutput(Console.OpenStandardOutput(), snap),
        _ => new PcapngOutput(File.Create(file), snap),
    };

    private static void Between<T>(Option<T> option, T minimum, T maximum) where T : IComparable<T> =>
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<T>() is { } value
                && (value.CompareTo(minimum) < 0 || value.CompareTo(maximum) > 0))
                result.AddError(string.Create(CultureInfo.InvariantCulture,
                    $"{option.Name} {value}: must be from {minimum} to {maximum}."));
        });
}

using System.CommandLine;
using System.Globalization;
using System.Net.NetworkInformation;
using System.Text;
using Sidestep.Cli.Capture;
using Sidestep.Cli.Replay;
using Sidestep.Engine.Managed.Replay;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Packets;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep replay</c>: what a director with this configuration would do with every frame of a
/// capture.</summary>
public static class ReplayCommand
{
    private const int OutputBuffer = 1 << 16;

    /// <summary>Creates the <c>replay</c> command with its arguments and options.</summary>
    /// <param name="xdp">Makes the engine in the kernel, for a number of tracked flows. Throws
    /// <see cref="EngineException"/> if this machine does not support it.</param>
    public static Command Create(Func<int, IReplayEngine> xdp)
    {
        var filterArgument = new Argument<string[]>("FILTER")
        {
            Description =
                "Report these frames only: conditions as for 'sidestep capture'. Without conditions: every frame.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var config = new Option<string>("--config", "-c") { Description = "The configuration file.", Required = true };
        var input = new Option<string>("--in", "-i")
        {
            Description = "The capture: pcap or pcapng, gzip too; - is standard input.",
            Required = true,
        };
        var write = new Option<string?>("--out", "-o")
        {
            Description = "A pcapng file to write, with frames in and out and their decisions.",
        };
        var engine = new Option<string>("--engine")
        {
            Description = "managed: the C# pipeline, without root. xdp: the program in the kernel.",
            DefaultValueFactory = static _ => "managed",
        };
        var json = new Option<bool>("--json") { Description = "Print a JSON object per frame instead of a line." };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Print the summary only." };
        var time = new Option<string>("--time")
        {
            Description =
                "virtual: idle timeouts follow the timestamps of the capture. real: they follow the clock of this "
                + "machine.",
            DefaultValueFactory = static _ => "virtual",
        };
        var mac = new Option<string?>("--mac")
        {
            Description =
                "MAC address of the director. By default it is found among the first 1,000 frames for VIPs, which are "
                + "buffered for that.",
        };
        var mtu = new Option<int>("--mtu")
        {
            Description = "MTU of the director's interfaces.",
            DefaultValueFactory = static _ => SyntheticTopology.DefaultMtu,
        };
        engine.AcceptOnlyFromAmong("managed", "xdp");
        time.AcceptOnlyFromAmong("virtual", "real");
        mac.Validators.Add(static result =>
        {
            if (result.Tokens.Count > 0 && !MacAddress.TryParse(result.Tokens[0].Value, out _))
                result.AddError(
                    $"--mac {result.Tokens[0].Value}: write six groups of two hexadecimal digits, such as "
                    + "02:00:5e:10:00:01.");
        });
        var command = new Command("replay",
            "Run every frame of a capture through an engine and print a line for each: decision, service, slot and "
            + "server, or drop reason. The network is synthetic: every server is reachable. Exit codes: 0: the whole "
            + "capture was read; 1: it is damaged or truncated and was read up to there, or the configuration has "
            + "errors; 2: nothing was read.")
        {
            filterArgument, config, input, write, engine, json, quiet, time, mac, mtu,
        };
        command.SetAction(parsed =>
        {
            var error = parsed.InvocationConfiguration.Error;
            var (configuration, code) = InputFiles.Read(parsed.GetRequiredValue(config), error);
            if (configuration is null)
                return code;
            var isXdp = parsed.GetValue(engine) == "xdp";
            if (isXdp && parsed.GetResult(time) is { Implicit: false } && parsed.GetValue(time) == "virtual")
            {
                error.WriteLine(
                    "error: --time virtual needs --engine managed: the program in the kernel uses the kernel's clock.");
                return ExitCode.Unusable;
            }
            try
            {
                using var source = new CaptureFileReader(InputFiles.Open(parsed.GetRequiredValue(input)));
                var flows = configuration.Group.FlowTableSize;
                using var chosen = isXdp ? xdp(flows) : new ManagedReplay(flows, parsed.GetValue(time) == "virtual");
                var filter = parsed.GetValue(filterArgument) is { Length: > 0 } conditions
                    ? new CaptureMatcher(FilterParser.Parse(string.Join(' ', conditions))) : null;
                using var run = new ReplayRun(chosen, configuration, filter,
                    MacAddress.TryParse(parsed.GetValue(mac), out var own) ? own : null, parsed.GetValue(mtu));
                using var text = Lines(parsed.InvocationConfiguration.Output);
                var reports = new List<IFrameReport>();
                if (!parsed.GetValue(quiet))
                    reports.Add(parsed.GetValue(json) ? new JsonReport(text) : new TextReport(text));
                try
                {
                    if (parsed.GetValue(write) is { } file)
                        reports.Add(new PcapngReport(new PcapngOutput(file == "-" ? Console.OpenStandardOutput()
                            : File.Create(file), ushort.MaxValue)));
                    run.Run(source, reports);
                }
                finally
                {
                    foreach (var report in reports)
                        report.Dispose();
                }
                return Summarize(run, source, error);
            }
            catch (Exception e) when (e is FormatException or EngineException or IOException
                or UnauthorizedAccessException or NetworkInformationException)
            {
                error.WriteLine($"error: {e.Message}");
                return ExitCode.Unusable;
            }
        });
        return command;
    }

    private static int Summarize(ReplayRun run, CaptureFileReader source, TextWriter error)
    {
        var decisions = run.Decisions.Count == 0 ? "none"
            : string.Join(", ", run.Decisions.Select(static d => $"{d.Value} {d.Key}"));
        error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{source.Frames} frames: {decisions}"));
        if (run.Skipped > 0)
            error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{run.Skipped} frames are shorter than an Ethernet header and were skipped"));
        if (run.Truncated > 0)
            error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{run.Truncated} frames were captured in part; the missing bytes count as zeros"));
        if (run.Mac is not { } mac)
            error.WriteLine(
                "no unicast frame was for a VIP, so every frame was left to the kernel (--mac sets the director's MAC "
                + "address)");
        else
            error.WriteLine($"the director's MAC address: {mac}");
        if (source.Problem is not { } problem)
            return ExitCode.Ok;
        error.WriteLine($"error: the capture could not be read completely: {problem}");
        return source.Frames > 0 ? ExitCode.Failed : ExitCode.Unusable;
    }

    /// <summary>A buffered writer: the console writes each line on its own, which takes longer than the
    /// frame.</summary>
    private static TextWriter Lines(TextWriter output) =>
        ReferenceEquals(output, Console.Out) && Console.IsOutputRedirected
        ? new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), OutputBuffer)
        : new NonClosingWriter(output);

    /// <summary>A writer over one that the caller closes.</summary>
    private sealed class NonClosingWriter(TextWriter inner) : TextWriter
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => inner.Write(value);

        public override void Write(string? value) => inner.Write(value);

        public override void WriteLine(string? value) => inner.WriteLine(value);

        public override void Flush() => inner.Flush();
    }
}

using System.CommandLine;
using System.Globalization;
using System.Net.NetworkInformation;
using System.Text;
using Sidestep.Cli.Capture;
using Sidestep.Cli.Replay;
using Sidestep.Engine.Managed.Replay;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Packets;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep replay</c>: what a director with this configuration would do with every frame of a capture.</summary>
public static class ReplayCommand
{
    private const int OutputBuffer = 1 << 16;

    /// <summary>The command.</summary>
    /// <param name="xdp">Makes the engine in the kernel, for so many remembered flows. Throws <see cref="EngineException"/> when this
    /// machine cannot.</param>
    public static Command Create(Func<int, IReplayEngine> xdp)
    {
        var filterArgument = new Argument<string[]>("FILTER")
        {
            Description = "Only these frames are told: conditions as of 'sidestep capture'. Nothing: every frame.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var config = new Option<string>("--config", "-c") { Description = "The configuration file.", Required = true };
        var input = new Option<string>("--in", "-i") { Description = "The capture: pcap or pcapng, gzip too; - is standard input.", Required = true };
        var write = new Option<string?>("--out", "-o") { Description = "A pcapng file to write, with frames in and out and what was decided." };
        var engine = new Option<string>("--engine") { Description = "managed: the pipeline in C#, without root. xdp: the program in the kernel.", DefaultValueFactory = static _ => "managed" };
        var json = new Option<bool>("--json") { Description = "A JSON object per frame instead of a line." };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "No lines, only the summary." };
        var time = new Option<string>("--time") { Description = "virtual: idle timeouts by the capture's timestamps. real: by this machine's clock.", DefaultValueFactory = static _ => "virtual" };
        var mac = new Option<string?>("--mac") { Description = "Ethernet address of the director; otherwise it is looked for among the first 1,000 frames to VIPs, which are held back for it." };
        var mtu = new Option<int>("--mtu") { Description = "MTU of its interfaces.", DefaultValueFactory = static _ => SyntheticTopology.DefaultMtu };
        engine.AcceptOnlyFromAmong("managed", "xdp");
        time.AcceptOnlyFromAmong("virtual", "real");
        mac.Validators.Add(static result =>
        {
            if (result.Tokens.Count > 0 && !MacAddress.TryParse(result.Tokens[0].Value, out _))
                result.AddError($"--mac {result.Tokens[0].Value}: six two-digit hexadecimal groups are expected, as 02:00:5e:10:00:01.");
        });
        var command = new Command("replay",
            "Run every frame of a capture through an engine, with a line for each: the decision, service, slot, server or why it was dropped. "
            + "The network is a stand-in: every server can be reached. "
            + "Exits with 0 when the whole capture was read, with 1 when it is damaged or cut off, after what could be read, or the configuration has errors, with 2 when nothing could be done.")
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
                error.WriteLine("error: --time virtual needs --engine managed: the program in the kernel has the kernel's clock.");
                return ExitCode.Unusable;
            }
            try
            {
                using var source = new CaptureFileReader(InputFiles.Open(parsed.GetRequiredValue(input)));
                var flows = configuration.Director.FlowTableSize;
                using var chosen = isXdp ? xdp(flows) : new ManagedReplay(flows, parsed.GetValue(time) == "virtual");
                var filter = parsed.GetValue(filterArgument) is { Length: > 0 } conditions ? new CaptureMatcher(FilterParser.Parse(string.Join(' ', conditions))) : null;
                using var run = new ReplayRun(chosen, configuration, filter, MacAddress.TryParse(parsed.GetValue(mac), out var own) ? own : null, parsed.GetValue(mtu));
                using var text = Lines(parsed.InvocationConfiguration.Output);
                var reports = new List<IFrameReport>();
                if (!parsed.GetValue(quiet))
                    reports.Add(parsed.GetValue(json) ? new JsonReport(text) : new TextReport(text));
                try
                {
                    if (parsed.GetValue(write) is { } file)
                        reports.Add(new PcapngReport(new PcapngOutput(file == "-" ? Console.OpenStandardOutput() : File.Create(file), ushort.MaxValue)));
                    run.Run(source, reports);
                }
                finally
                {
                    foreach (var report in reports)
                        report.Dispose();
                }
                return Summarize(run, source, error);
            }
            catch (Exception e) when (e is FormatException or EngineException or IOException or UnauthorizedAccessException or NetworkInformationException)
            {
                error.WriteLine($"error: {e.Message}");
                return ExitCode.Unusable;
            }
        });
        return command;
    }

    private static int Summarize(ReplayRun run, CaptureFileReader source, TextWriter error)
    {
        error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{source.Frames} frames: {(run.Decisions.Count == 0 ? "none" : string.Join(", ", run.Decisions.Select(static d => $"{d.Value} {d.Key}")))}"));
        if (run.Skipped > 0)
            error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.Skipped} frames are shorter than an Ethernet header and were passed over"));
        if (run.Truncated > 0)
            error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.Truncated} frames were captured in part; what is missing was taken to be zeros"));
        if (run.Mac is not { } mac)
            error.WriteLine("no frame was addressed to a VIP and to one receiver: everything was the kernel's business (--mac says who the director is)");
        else
            error.WriteLine($"the director's Ethernet address: {mac}");
        if (source.Problem is not { } problem)
            return ExitCode.Ok;
        error.WriteLine($"error: the capture could not be read to its end: {problem}");
        return source.Frames > 0 ? ExitCode.Failed : ExitCode.Unusable;
    }

    /// <summary>The console writes every line by itself, which takes longer than the frame.</summary>
    private static TextWriter Lines(TextWriter output) => ReferenceEquals(output, Console.Out) && Console.IsOutputRedirected
        ? new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), OutputBuffer)
        : new NonClosingWriter(output);

    /// <summary>A writer that is somebody else's to close.</summary>
    private sealed class NonClosingWriter(TextWriter inner) : TextWriter
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => inner.Write(value);

        public override void Write(string? value) => inner.Write(value);

        public override void WriteLine(string? value) => inner.WriteLine(value);

        public override void Flush() => inner.Flush();
    }
}

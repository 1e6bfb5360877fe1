using System.CommandLine;
using Sidestep.Benchmarks;
using Sidestep.Benchmarks.Veth;
using Sidestep.Native;

var json = new Option<bool>("--json") { Description = "One JSON object on standard output instead of a table." };
var rounds = new Option<int>("--rounds") { Description = "Runs per case, at least 9.", DefaultValueFactory = _ => 41 };
var repeat = new Option<int>("--repeat") { Description = "Packets per run.", DefaultValueFactory = _ => 150_000 };
var only = new Option<string?>("--only") { Description = "Only the cases whose names contain this." };
var cpu = new Option<int>("--cpu")
{
    Description = "The CPU to run on.",
    DefaultValueFactory = _ =>
    Environment.ProcessorCount - 1
};
var interval = new Option<double>("--interval")
{
    Description = "Seconds between two probes of a check.",
    DefaultValueFactory = _ => 5
};

var xdp = BenchmarkCommand.Make("xdp",
    "Nanoseconds per packet of the XDP program, each case beside its floor, and milliseconds per change of its tables, "
        + "all in one run.", arguments =>
{
    var before = MachineInfo.Load();
    // This comes first: it is as cold as a daemon's start, and this thread is not yet bound to one CPU.
    var apply = ApplyBenchmark.Run(arguments.GetValue(only));
    Kernel.PinThread(arguments.GetValue(cpu));
    var cases = XdpBenchmark.Run(Math.Max(9, arguments.GetValue(rounds)), arguments.GetValue(repeat),
        arguments.GetValue(only));
    var results = new XdpResults(MachineInfo.Now(before), cases, apply);
    if (arguments.GetValue(json))
        Report.Json(results);
    else
        Report.Table(results);
}, json, rounds, repeat, only, cpu);

var managed = BenchmarkCommand.Make("managed",
    "Nanoseconds per packet of the pipeline in C#, beside the XDP program, and frames per second of replay, all in one "
        + "run.", arguments =>
{
    var before = MachineInfo.Load();
    var cases = BenchmarkCommand.OnCpu(arguments.GetValue(cpu),
        () => ManagedBenchmark.Run(Math.Max(9, arguments.GetValue(rounds)), arguments.GetValue(repeat),
            arguments.GetValue(only)));
    Report.Managed(new ManagedResults(MachineInfo.Now(before), cases), arguments.GetValue(json));
}, json, rounds, repeat, only, cpu);

var health = BenchmarkCommand.Make("health",
    "10,000 TCP checks of one director, through the real probe path: their delay and cost, and the time from a verdict "
        + "to the tables. Takes two minutes.", arguments =>
{
    var before = MachineInfo.Load();
    var result = HealthBenchmark.Run(arguments.GetValue(interval));
    if (arguments.GetValue(json))
        result.WriteJson(MachineInfo.Now(before));
    else
        result.WriteText(MachineInfo.Now(before));
}, json, interval);

var listen = new Command("listen", "The servers of health.") { Hidden = true };
listen.SetAction(static _ => HealthBenchmark.Listen());
return new RootCommand("Sidestep's benchmarks: figures beside floors of the same run, without a verdict.") { xdp,
    VethCommand.Make(json, cpu), managed, health, listen }.Parse(args).Invoke();

using System.CommandLine;
using Sidestep.Benchmarks;
using Sidestep.Benchmarks.Veth;
using Sidestep.Forwarding;
using Sidestep.Native;

var json = new Option<bool>("--json") { Description = "One JSON object on standard output instead of a table." };
var rounds = new Option<int>("--rounds") { Description = "Runs per case, at least 9.", DefaultValueFactory = _ => 41 };
var repeat = new Option<int>("--repeat") { Description = "Packets per run.", DefaultValueFactory = _ => 150_000 };
var only = new Option<string?>("--only") { Description = "Only the cases whose names contain this." };
var cpu = new Option<int>("--cpu") { Description = "The CPU to run on.", DefaultValueFactory = _ => Environment.ProcessorCount - 1 };
var xdp = new Command("xdp", "Nanoseconds per packet of the XDP program, each case beside its floor, and milliseconds per change of its tables, all in one run.")
{
    json, rounds, repeat, only, cpu,
};
xdp.SetAction(arguments =>
{
    try
    {
        var before = Machine.Load();
        // First, because a daemon's start is as cold; and before this thread and its children are kept on one CPU.
        var apply = ApplyBenchmark.Run(arguments.GetValue(only));
        Kernel.PinThread(arguments.GetValue(cpu));
        var cases = XdpBenchmark.Run(Math.Max(9, arguments.GetValue(rounds)), arguments.GetValue(repeat), arguments.GetValue(only));
        var results = new Results(new Machine(Kernel.Release.ToString(), Environment.ProcessorCount, before, Machine.Load()), cases, apply);
        if (arguments.GetValue(json))
            Report.Json(results);
        else
            Report.Table(results);
        return 0;
    }
    catch (Exception e) when (e is EngineException or NativeException)
    {
        Console.Error.WriteLine($"error: {e.Message}");
        return 1;
    }
});
var managed = new Command("managed", "Nanoseconds per packet of the pipeline in C#, beside the XDP program, and frames per second of replay, all in one run.")
{
    json, rounds, repeat, only, cpu,
};
managed.SetAction(arguments =>
{
    try
    {
        var before = Machine.Load();
        var (code, cases) = (0, (IReadOnlyList<ManagedResult>)[]);
        // The thread is kept on one CPU, not the process: the compiler works beside it.
        var thread = new Thread(() =>
        {
            Kernel.PinThread(arguments.GetValue(cpu));
            try
            {
                cases = ManagedBenchmark.Run(Math.Max(9, arguments.GetValue(rounds)), arguments.GetValue(repeat), arguments.GetValue(only));
            }
            catch (Exception e) when (e is EngineException or NativeException)
            {
                Console.Error.WriteLine($"error: {e.Message}");
                code = 1;
            }
        });
        thread.Start();
        thread.Join();
        if (code == 0)
            Report.Managed(new ManagedResults(new Machine(Kernel.Release.ToString(), Environment.ProcessorCount, before, Machine.Load()), cases), arguments.GetValue(json));
        return code;
    }
    catch (Exception e) when (e is EngineException or NativeException)
    {
        Console.Error.WriteLine($"error: {e.Message}");
        return 1;
    }
});
return new RootCommand("Sidestep's benchmarks: figures beside floors measured in the same run, never a verdict.") { xdp, VethCommand.Make(json, cpu), managed }.Parse(args).Invoke();

using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Sidestep.ConformanceTests.Differential;
using Sidestep.ConformanceTests.Xdp;

var minutes = new Option<double>("--minutes")
{
    Description = "Duration in minutes.",
    DefaultValueFactory = static _ =>
    1
};
var first =
    new Option<int>("--first")
    {
        Description = "Number of the first scenario. A number always gives the same scenario.",
        DefaultValueFactory = static _ => 1000
    };
var frames = new Option<int>("--frames")
{
    Description = "Frames per scenario.",
    DefaultValueFactory = static _ =>
    10_000
};
var maxFindings = new Option<int>("--findings")
{
    Description = "Stop after this many differences.",
    DefaultValueFactory = static _ => 5
};
var differential = new Command("differential",
    "Generated frames in generated situations through the XDP program and through the pipeline in C#: decisions, "
        + "bytes, counters and tracked "
    + "flows must be equal. A difference is minimised and printed as a row of tests/cases. Exits with 1 if there was "
    + "one.")
{
    minutes, first, frames, maxFindings,
};
differential.SetAction(arguments =>
{
    var clock = Stopwatch.StartNew();
    using var engines = new Engines();
    using var run = new DifferentialRun(engines);
    int number = arguments.GetValue(first), found = 0, unrepeatable = 0;
    void PrintProgress(string what) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{what}{number - arguments.GetValue(first)} scenarios, {run.Frames} frames, {found} differences, "
            + $"{unrepeatable} not reproducible, {clock.Elapsed.TotalSeconds:0} s"));
    var lastPrinted = TimeSpan.Zero;
    for (; clock.Elapsed.TotalMinutes < arguments.GetValue(minutes)
        && found < arguments.GetValue(maxFindings); number++)
    {
        if (run.Run(number, arguments.GetValue(frames)) is { } finding)
        {
            Console.Out.WriteLine(finding);
            if (finding.IsRepeatable)
                found++;
            else
                unrepeatable++;
        }
        if (clock.Elapsed - lastPrinted > TimeSpan.FromSeconds(20))
        {
            lastPrinted = clock.Elapsed;
            PrintProgress("so far ");
        }
    }
    PrintProgress("");
    return found == 0 ? 0 : 1;
});
return new RootCommand("Sidestep's long tests with generated input.") { differential }.Parse(args).Invoke();

using System.Diagnostics;
using System.Globalization;
using System.Text;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Benchmarks;

/// <summary>Time from the text of a configuration in memory to tables in force, and its parts.</summary>
/// <param name="Name">The measured operation.</param>
/// <param name="MsMedian">Median of the total time in milliseconds; with one measurement, that one.</param>
/// <param name="MsQuartile1">First or third quartile: a quarter was faster.</param>
/// <param name="MsQuartile3">Third quartile: a quarter was slower.</param>
/// <param name="Times">Number of measurements.</param>
/// <param name="StagesMs">Medians of the parts in milliseconds.</param>
/// <param name="Bound">The limit; null: none.</param>
/// <param name="WithinBound">True if the median is within the limit.</param>
internal sealed record ApplyResult(
    string Name, double MsMedian, double MsQuartile1, double MsQuartile3, int Times, IReadOnlyDictionary<string,
        double> StagesMs,
    Bound Bound, bool WithinBound);

/// <summary>Compiles and applies 1,000 pools of 100 servers: all at once, and with the weight of one server
/// changed.</summary>
internal sealed class ApplyBenchmark
{
    private const int Pools = 1000, ServersOfPool = 100, Changes = 25, WarmUpChanges = 3;
    private static readonly Bound ColdBound = Bound.Milliseconds(3000), ChangeBound = Bound.Milliseconds(50);

    private readonly NextHops _nextHops = Workloads.NextHopsTo(Enumerable.Range(0, Pools * ServersOfPool)
        .Select(static i => Workloads.ServerAt(i)));
    private readonly Dictionary<string, List<double>> _stages = [];

    /// <summary>Runs all measurements. The cold start must be the first code that the process runs.</summary>
    internal static IReadOnlyList<ApplyResult> Run(string? only)
    {
        if (only is not null && !"apply-cold".Contains(only, StringComparison.Ordinal)
            && !"apply-one-server".Contains(only, StringComparison.Ordinal))
            return [];
        Console.Error.WriteLine($"measuring apply ({Pools} pools of {ServersOfPool} servers, then {Changes} changes)");
        return new ApplyBenchmark().Run();
    }

    private List<ApplyResult> Run()
    {
        var weights = new int[Pools];
        Array.Fill(weights, 1);
        var reader = new IncrementalReader();
        var text = Document(weights);
        ForwardingTables? tables = null;

        // Before any of this code has run, like at a daemon's start.
        using var engine = Timed("load", static () => XdpEngine.LoadDetached(flowTableSize: XdpBenchmark.DefaultFlows));
        void Change()
        {
            var configuration = Timed("read", () => reader.Read(text, null)).Configuration
                ?? throw new InvalidOperationException("the benchmark's own configuration is not valid");
            tables = Timed("compile", () =>
                TableCompiler.Compile(configuration, _nextHops, tables, DateTimeOffset.UtcNow, engine.ReadFlows));
            Timed("apply", () =>
            {
                engine.Apply(tables);
                return true;
            });
        }
        Change();
        var cold = Result("apply-cold", ColdBound);

        for (var change = -WarmUpChanges; change < Changes; change++)
        {
            if (change == 0)
                _stages.Clear();
            weights[(change + WarmUpChanges) * (Pools / (Changes + WarmUpChanges))] = 2;
            text = Document(weights);
            Change();
            Timed("ofWhichWaitForReaders", static () =>
            {
                Kernel.WaitForRunningPrograms();
                return true;
            });
        }
        return [cold, Result("apply-one-server", ChangeBound)];
    }

    private T Timed<T>(string stage, Func<T> code)
    {
        var start = Stopwatch.GetTimestamp();
        var result = code();
        if (!_stages.TryGetValue(stage, out var times))
            _stages[stage] = times = [];
        times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        return result;
    }

    private ApplyResult Result(string name, Bound bound)
    {
        // The last part is contained in another one.
        var parts = _stages.Where(static s => !s.Key.StartsWith("ofWhich", StringComparison.Ordinal))
            .Select(static s => s.Value).ToArray();
        var total = new Distribution(Enumerable.Range(0, parts[0].Count).Select(i => parts.Sum(p => p[i])));
        return new ApplyResult(name, total.Median, total.Quartile1, total.Quartile3, parts[0].Count,
            _stages.ToDictionary(static s => s.Key, static s => new Distribution(s.Value).Median), bound,
                total.Median <= bound.Limit);
    }

    /// <summary>The configuration file, one service per pool; one server of each pool has the given weight.</summary>
    private static string Document(int[] weights)
    {
        var text = new StringBuilder($$"""
            node:
              name: bench
              interfaces:
                - { name: lo, driver: generic }
            group:
              hashKey: {{Workloads.Key}}

            pools:

            """);
        for (var pool = 0; pool < Pools; pool++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - name: pool{pool}\n    servers:\n");
            for (var server = 0; server < ServersOfPool; server++)
                text.Append(CultureInfo.InvariantCulture,
                    $"      - {{ name: server{server}, address: {Workloads.ServerAt(pool * ServersOfPool + server)}, "
                        + $"weight: {(server == 42 ? weights[pool] : 1)} }}\n");
        }
        text.Append("\nvirtualServices:\n");
        for (var pool = 0; pool < Pools; pool++)
            text.Append(CultureInfo.InvariantCulture,
                $"  - {{ name: service{pool}, vip: {Workloads.VipOf(pool)}, protocol: tcp, port: "
                    + $"{Workloads.PortOf(pool)}, pool: pool{pool} }}\n");
        return text.ToString();
    }
}

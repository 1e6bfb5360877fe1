using Sidestep.Lab.Runs;
using Sidestep.Lab.Topologies;
using Spectre.Console;

namespace Sidestep.Lab.Commands;

internal static class ListCommand
{
    public static Task<int> RunAsync()
    {
        var up = RunCatalog.Usable();
        var table = new Table().Border(TableBorder.Simple).AddColumns("topology", "nodes", "summary", "up as");
        foreach (var topology in TopologyReader.Names().Select(TopologyReader.Read))
        {
            var runs = up.Where(r => r.Record.Topology == topology.Name).Select(r => r.Id);
            table.AddRow(
                new Text(topology.Name),
                new Text(string.Join(' ', topology.Nodes.Select(n => n.Name))),
                new Text(topology.Summary),
                new Text(string.Join(' ', runs)));
        }
        AnsiConsole.Write(table);
        return Task.FromResult(0);
    }
}

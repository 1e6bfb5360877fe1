using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Api.Flows;
using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Writes tracked flows for people: one line each (two on a narrow terminal), and a table of the
/// servers.</summary>
/// <param name="output">Where to write.</param>
/// <param name="width">Columns of the terminal.</param>
public sealed class FlowsText(TextWriter output, int width) : IFlowsReport
{
    private bool _hasHeader;

    /// <inheritdoc/>
    public void Add(FlowRecord flow)
    {
        ArgumentNullException.ThrowIfNull(flow);
        if (!_hasHeader)
            Write("service", "", "client", "VIP", "server", "idle", "age");
        _hasHeader = true;
        Write(flow.Service, flow.Protocol, Place(flow.Client, flow.ClientPort), Place(flow.Vip, flow.VipPort),
            flow.Server, Length(flow.IdleSeconds), Length(flow.AgeSeconds));
    }

    /// <inheritdoc/>
    public void Finish(FlowsReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var console = TextConsole.On(output);
        if (_hasHeader)
            output.WriteLine();
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"[bold]{report.Director}[/]: tracked flows: {report.Flows} of {report.Capacity} possible");
        var table = new ReportTable(["real server", "pool", "address"], "flows", "oldest", "longest idle");
        foreach (var s in report.Servers)
            table.AddRow(s.Name, $"{s.Pool}/{s.Encap}", s.Address.ToString(),
                s.Flows.ToString(CultureInfo.InvariantCulture),
                s.Flows == 0 ? "" : Length(s.OldestSeconds), s.Flows == 0 ? "" : Length(s.LongestIdleSeconds));
        table.Write(console);
    }

    // Columns have fixed widths: each flow is written as soon as it is read, when the longest text is not known yet.
    private void Write(string service, string protocol, string client, string vip, string server, string idle,
        string age)
    {
        var flow = string.Create(CultureInfo.InvariantCulture, $"{service,-20} {protocol,-6} {client,-24} {vip,-24} ");
        var place = string.Create(CultureInfo.InvariantCulture, $"{server,-20} {idle,12} {age,12}");
        output.WriteLine(TextConsole.Wrapped(flow, place, flow.Length + place.Length, width));
    }

    private static string Place(IPAddress address, int port) =>
        port == 0 ? address.ToString()
        : address.AddressFamily == AddressFamily.InterNetworkV6
            ? string.Create(CultureInfo.InvariantCulture, $"[{address}]:{port}")
        : string.Create(CultureInfo.InvariantCulture, $"{address}:{port}");

    /// <summary><c>02:03:04</c>, <c>1d 02:03:04</c>.</summary>
    private static string Length(double seconds)
    {
        var time = TimeSpan.FromSeconds(seconds);
        return time.ToString(time.Days > 0 ? @"d\d\ hh\:mm\:ss" : @"hh\:mm\:ss", CultureInfo.InvariantCulture);
    }
}

using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using Sidestep.Lab.Sessions;
using Sidestep.Lab.Streams;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Commands;

/// <summary>The programs of churn runs inside namespaces: servers, sessions and streams. The help does not list
/// them.</summary>
internal static class ChurnCommands
{
    private static readonly Option<IPEndPoint[]> TcpOption = Endpoints("--tcp");
    private static readonly Option<IPEndPoint[]> UdpOption = Endpoints("--udp");
    private static readonly Option<IPEndPoint[]> ServiceOption = Endpoints("--service");
    private static readonly Option<string[]> SourceOption = new("--source") { Required = true };
    private static readonly Option<string> NameOption = new("--name") { Required = true };
    private static readonly Option<string> CountsFileOption = new("--counts-file") { Required = true };
    private static readonly Option<int> CountOption = new("--count");
    private static readonly Option<double> PeriodOption = new("--period");
    private static readonly Option<int> QuietCountOption = new("--quiet-count");
    private static readonly Option<double> QuietPeriodOption = new("--quiet-period");
    private static readonly Option<double> ShortRateOption = new("--short-rate");
    private static readonly Option<double> ResponseTimeoutOption = new("--response-timeout");
    private static readonly Option<int> SendersOption = new("--senders");
    private static readonly Option<int> FirstSenderOption = new("--first-sender");
    private static readonly Option<int> RateOption = new("--rate");

    public static IEnumerable<Command> All()
    {
        var server = new Command("serve") { NameOption, TcpOption, UdpOption, CountsFileOption };
        server.SetAction((result, _) => ServeAsync(result));
        var sessions = new Command("sessions")
        {
            ServiceOption, SourceOption, CountOption, PeriodOption, QuietCountOption, QuietPeriodOption,
                ShortRateOption, ResponseTimeoutOption,
        };
        sessions.SetAction((result, _) => SessionsAsync(result));
        var stream = new Command("stream") { ServiceOption, SourceOption, SendersOption, FirstSenderOption,
            RateOption };
        stream.SetAction((result, _) => StreamAsync(result));
        foreach (var command in (Command[])[server, sessions, stream])
        {
            command.Hidden = true;
            yield return command;
        }
    }

    private static async Task<int> ServeAsync(ParseResult result)
    {
        using var shutdown = new ShutdownSignal();
        var counter = new StreamCounter();
        var server = new ServerInstance(result.GetRequiredValue(NameOption),
            BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))));
        var receivers = (result.GetValue(UdpOption) ?? []).Select(e => new StreamReceiver(e)).ToArray();
        try
        {
            await Task.WhenAll([
                .. receivers.Select(r => r.ReceiveAsync(counter, shutdown.Token)),
                .. (result.GetValue(TcpOption) ?? [])
                    .Select(e => SessionServer.ServeAsync(e, server, shutdown.Token))]);
        }
        catch (OperationCanceledException) when (shutdown.Token.IsCancellationRequested)
        {
            // Every run ends the servers by a signal.
        }
        counter.Save(result.GetRequiredValue(CountsFileOption));
        foreach (var receiver in receivers)
            receiver.Dispose();
        return 0;
    }

    private static async Task<int> SessionsAsync(ParseResult result)
    {
        var plan = new SessionsPlan(
            result.GetRequiredValue(ServiceOption),
            new ClientAddresses(AddressRange.Addresses(result.GetRequiredValue(SourceOption))),
            result.GetValue(CountOption),
            TimeSpan.FromSeconds(result.GetValue(PeriodOption)),
            result.GetValue(QuietCountOption),
            TimeSpan.FromSeconds(result.GetValue(QuietPeriodOption)),
            result.GetValue(ShortRateOption),
            TimeSpan.FromSeconds(result.GetValue(ResponseTimeoutOption)));
        using var worker = new SessionsWorker(plan, Console.In, Console.Out);
        return await worker.RunAsync();
    }

    private static Task<int> StreamAsync(ParseResult result)
        => new StreamSender(
            new StreamPlan(
                result.GetRequiredValue(ServiceOption),
                new ClientAddresses(AddressRange.Addresses(result.GetRequiredValue(SourceOption))),
                result.GetValue(SendersOption),
                result.GetValue(RateOption),
                result.GetValue(FirstSenderOption)),
            Console.In,
            Console.Out).RunAsync();

    private static Option<IPEndPoint[]> Endpoints(string name)
        => new(name) { CustomParser = r => [.. r.Tokens.Select(t => IPEndPoint.Parse(t.Value))] };
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sidestep.Hosting;
using Sidestep.Hosting.Logging;
using Sidestep.Hosting.Supervision;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Hosting;

public sealed class ServiceHostTests : IDisposable
{
    private readonly StringWriter _writer = new();
    private readonly ServiceLog _log;
    private readonly ProcessSignals _signals = new();
    private readonly HostApplicationBuilder _builder;
    private readonly ConcurrentQueue<string> _failed = new();

    public ServiceHostTests()
    {
        _log = ServiceLog.To(_writer, isJournal: false, new ManualTime());
        _builder = ServiceHost.CreateBuilder(_log, _signals);
    }

    [Fact]
    public async Task Task_that_fails_or_ends_starts_again_and_the_others_continue()
    {
        var (started, stopped) = AddEndless();
        var starts = 0;
        var supervisor = new Supervisor(TimeProvider.System, new LoopFailures(TimeProvider.System), (_, name) =>
            _failed.Enqueue(name));
        _builder.Services.AddTask(supervisor, "failing", async (provider, _) =>
        {
            await started;
            switch (++starts)
            {
                case 1:
                    throw new FormatException("why");
                case 2:
                    return;
                default:
                    Assert.False(stopped.IsCompleted);
                    provider.GetRequiredService<IHostApplicationLifetime>().StopApplication();
                    break;
            }
        });
        await RunAsync();
        Assert.Equal(["failing", "failing"], _failed.Take(2));
        Assert.True(stopped.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Service_that_cannot_start_stops_what_has_started()
    {
        var (started, stopped) = AddEndless();
        _builder.Services.AddSingleton<IHostedService>(new Failing(new IOException("no start"), started));
        Assert.Equal("no start", (await Assert.ThrowsAsync<IOException>(() => RunAsync())).Message);
        Assert.True(stopped.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Stop_during_the_start_is_no_failure()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        _builder.Services.AddSingleton<IHostedService>(new Failing(new OperationCanceledException(stop.Token)));
        await RunAsync(stop);
        await Assert.ThrowsAsync<OperationCanceledException>(() =>
        {
            var builder = ServiceHost.CreateBuilder(_log, _signals);
            builder.Services.AddSingleton<IHostedService>(new Failing(new OperationCanceledException()));
            return builder.Build().RunToEndAsync(CancellationToken.None);
        });
    }

    /// <summary>Files and variables that a default host reads would be a second configuration.</summary>
    [Fact]
    public void Host_reads_no_configuration() => Assert.Empty(((IConfiguration)_builder.Configuration).GetChildren());

    public void Dispose()
    {
        _log.Dispose();
        _signals.Dispose();
        Assert.Equal("", _writer.ToString());
        _writer.Dispose();
    }

    private (Task Started, Task Stopped) AddEndless()
    {
        var started = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        _builder.Services.AddTask(TestSupervisor.Create(), "endless", async (_, cancellation) =>
        {
            started.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
            finally
            {
                stopped.SetResult();
            }
        });
        return (started.Task, stopped.Task);
    }

    private async Task RunAsync(CancellationTokenSource? stop = null)
    {
        using var host = _builder.Build();
        await host.RunToEndAsync(stop?.Token ?? CancellationToken.None)
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    private sealed class Failing(Exception failure, Task? after = null) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await (after ?? Task.CompletedTask);
            throw failure;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

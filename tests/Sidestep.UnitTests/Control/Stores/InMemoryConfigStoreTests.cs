using Sidestep.Control.Stores;
using Sidestep.Model;
using Sidestep.UnitTests.Model;

namespace Sidestep.UnitTests.Control.Stores;

public sealed class InMemoryConfigStoreTests : ConfigStoreContract
{
    private readonly InMemoryConfigStore _store = new("memory", First, static () => TestDocument.Host);

    protected override IConfigStore Store => _store;

    protected override string Origin => "memory";

    [Fact]
    public void Configuration_is_validated_against_the_machine()
    {
        _store.Set(First with
        {
            Node = First.Node with { Interfaces = [new DirectorInterface("eth9", Driver.Auto)] },
        });
        Assert.Contains(_store.Current.Result!.Warnings, static w => w.JsonPointer == "/node/interfaces/0/name");
    }

    protected override void Write(Configuration configuration) => _store.Set(configuration);

    protected override void Break() => _store.Fail("the connection is closed");
}

"""Prints the summaries of Keras's own models as JSON; `test/summary/models.ts` builds the same models."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
from keras import Input, Model, Sequential, layers
from keras.applications import MobileNet
from serving import serve


def mobilenet(size=64):
    return MobileNet(
        alpha=0.25, weights=None, include_top=False, input_shape=(size, size, 3)
    )


def head():
    inputs = Input((8,))
    x = layers.Dense(16, activation="relu")(inputs)
    x = layers.BatchNormalization()(x)
    return Model(inputs, layers.Dense(3, activation="softmax", name="probabilities")(x))


def partly_frozen():
    model = head()
    model.layers[1].trainable = False
    return model


def sequential():
    return Sequential([Input((1024,)), layers.Dense(512, activation="relu"), layers.Dense(14)])


def compiled():
    model = sequential()
    model.compile(keras.optimizers.RMSprop(0.001, momentum=0.9), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def tiny(learning_rate=0.001):
    model = Sequential([Input((1,)), layers.Dense(1)])
    model.compile(keras.optimizers.RMSprop(learning_rate), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def scheduled():
    return tiny(keras.optimizers.schedules.PolynomialDecay(0.1, 100))


def unbuilt():
    return Sequential([layers.Dense(4), layers.ReLU()], name="unbuilt")


def holding_a_built_one():
    return Sequential([layers.Dense(4), Sequential([Input((4,)), layers.Dense(2)], name="built")], name="late")


def of_layers_without_weights():
    kinds = [layers.Reshape((2, 2)), layers.Rescaling(2.0), layers.Softmax(), layers.Flatten()]
    return Sequential(kinds, name="unbuilt")


def built_late():
    model = unbuilt()
    model.build((None, 5))
    return model


def two_inputs():
    a = Input((4,), name="left")
    b = Input((6,), name="right")
    x = layers.Dense(3)(a)
    y = layers.Dense(3)(b)
    return Model([a, b], layers.Dense(1)(layers.Concatenate()([x, y, b])))


def shared():
    inputs = Input((4,))
    dense = layers.Dense(4)
    return Model(inputs, dense(dense(inputs)))


def shared_by_shapes():
    a, b = Input((4,)), Input((6,))
    relu = layers.ReLU()
    return Model([a, b], layers.Concatenate()([relu(a), relu(b)]))


def late_input():
    """The second input is read later, and before the first: its place in the table tells."""
    a, b, c = Input((4,)), Input((6,)), Input((2,))
    x = layers.Dense(2)(layers.ReLU()(a))
    return Model([a, b, c], layers.Concatenate()([b, c, x]))


def crossed():
    a, b = Input((4,)), Input((4,))
    dense = layers.Dense(4)
    x = layers.Concatenate()([layers.ReLU()(dense(b)), dense(layers.ReLU()(dense(a)))])
    return Model([a, b], x)


def residual():
    inputs = Input((8, 8, 3))
    x = layers.Conv2D(3, 3, padding="same")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.Add()([x, inputs])
    return Model(inputs, layers.GlobalAveragePooling2D()(x), name="residual_with_quite_a_long_name")


def nested_in_sequential():
    base = mobilenet()
    base.trainable = False
    return Sequential([base, layers.GlobalAveragePooling2D(), layers.Dense(14, activation="softmax")])


def flattened():
    base = mobilenet()
    for layer in base.layers[:40]:
        layer.trainable = False
    x = layers.GlobalAveragePooling2D()(base.output)
    return Model(base.input, layers.Dense(2)(x))


def nested_with_two_inputs():
    base = head()
    a, b = Input((8,)), Input((8,))
    return Model([a, b], layers.Add()([base(a), base(b)]))


def sequential_in_sequential():
    return Sequential([Input((1024,)), sequential(), layers.ReLU(name="a_very_long_name_for_a_small_layer_indeed")])


def pictures_of_any_size():
    inputs = Input((None, None, 3))
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(inputs)
    x = layers.DepthwiseConv2D(3, strides=2, use_bias=False)(x)
    return Model(inputs, layers.MaxPooling2D()(x))


MODELS = {
    function.__name__: function
    for function in [
        head,
        partly_frozen,
        sequential,
        compiled,
        tiny,
        scheduled,
        unbuilt,
        holding_a_built_one,
        of_layers_without_weights,
        built_late,
        two_inputs,
        shared,
        late_input,
        crossed,
        shared_by_shapes,
        residual,
        nested_in_sequential,
        flattened,
        nested_with_two_inputs,
        sequential_in_sequential,
        pictures_of_any_size,
    ]
}


def rows(size=8):
    return Input((size,))


def pictures(channels=3):
    return Input((8, 8, channels))


def two():
    a, b = Input((8,), name="a"), Input((4,), name="b")
    return Model([a, b], layers.Dense(1)(layers.Concatenate()([a, b])), name="two")


def again(layer, first, second):
    """A layer that has read inputs of one shape is given another."""
    layer(first)
    layer(second)


def one_name_twice():
    inputs = rows()
    Model(inputs, layers.Dense(2, name="q")(layers.Dense(2, name="q")(inputs)))


MISTAKES = {
    "dense_of_scalars": lambda: layers.Dense(2)(Input(())),
    "dense_of_other_rows": lambda: again(layers.Dense(2), rows(), rows(4)),
    "normalisation_of_other_rows": lambda: again(layers.BatchNormalization(), rows(), rows(4)),
    "normalisation_of_another_rank": lambda: again(layers.BatchNormalization(), rows(), pictures()),
    "convolution_of_rows": lambda: layers.Conv2D(2, 3)(rows()),
    "convolution_of_other_channels": lambda: again(layers.Conv2D(2, 3), pictures(), pictures(4)),
    "depthwise_of_other_channels": lambda: again(layers.DepthwiseConv2D(3), pictures(), pictures(4)),
    "separable_of_other_channels": lambda: again(layers.SeparableConv2D(2, 3), pictures(), pictures(4)),
    "pooling_of_rows": lambda: layers.MaxPooling2D()(rows()),
    "global_pooling_of_rows": lambda: layers.GlobalAveragePooling2D()(rows()),
    "sum_of_one": lambda: layers.Add()(rows()),
    "sum_of_different_shapes": lambda: layers.add([rows(), rows(4)]),
    "joining_one": lambda: layers.Concatenate()(rows()),
    "joining_different_shapes": lambda: layers.Concatenate()([Input((8, 2)), Input((4, 2))]),
    "model_of_other_rows": lambda: two()([rows(), rows(5)]),
    "model_of_too_few": lambda: two()(rows()),
    "one_name_twice": one_name_twice,
    "one_name_twice_in_a_row": lambda: Sequential([layers.Dense(2, name="q"), layers.Dense(2, name="q")]),
    "layer_of_no_name": lambda: two().get_layer("c"),
    "layer_of_no_index": lambda: two().get_layer(index=7),
    "parameters_of_the_unbuilt": lambda: Sequential([layers.Dense(2)], name="late").count_params(),
}


def mistakes():
    """The messages that mistakes get."""
    messages = {}
    for name, mistake in MISTAKES.items():
        keras.utils.clear_session()
        try:
            mistake()
            messages[name] = "no error"
        except ValueError as error:
            messages[name] = f"ValueError: {error}"
    return messages


def summary(model, options):
    """The text of `model.summary` where there is no terminal, or one of `columns` characters."""
    options = dict(options)
    os.environ.pop("COLUMNS", None)
    if "columns" in options:
        os.environ["COLUMNS"] = str(options.pop("columns"))
    texts = []
    try:
        model.summary(print_fn=texts.append, **options)
    except ValueError as error:
        return f"ValueError: {error}"
    return "".join(texts)


def summaries(requests):
    results = []
    for name, options in requests:
        keras.utils.clear_session()
        results.append(summary(MODELS[name](), options))
    return results


if __name__ == "__main__":
    serve(lambda requests: {"summaries": summaries(requests), "mistakes": mistakes()})
